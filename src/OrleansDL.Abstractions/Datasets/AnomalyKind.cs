namespace OrleansDL.Datasets;

/// <summary>What is odd about a commit.</summary>
public enum AnomalyKind
{
    /// <summary>A column that was expected is not there.</summary>
    MissingColumn = 0,

    /// <summary>A column has another type than was expected, or its values do not fit it.</summary>
    TypeMismatch = 1,

    /// <summary>Numbers lie outside the expected range, or outside the parent's.</summary>
    OutOfRange = 2,

    /// <summary>Values that the parent, or the list of allowed values, does not have.</summary>
    UnseenCategory = 3,

    /// <summary>More nulls than in the parent, or than is allowed.</summary>
    NullRate = 4,

    /// <summary>The same row stands in the data more than once.</summary>
    DuplicateRows = 5,

    /// <summary>The same row stands in two splits: a model is tested on what it was trained on.</summary>
    DuplicateRowsAcrossSplits = 6,

    /// <summary>Values are shared out otherwise than in the parent.</summary>
    LabelSkew = 7,

    /// <summary>Numbers are distributed otherwise than in the parent.</summary>
    Drift = 8,

    /// <summary>Every value is the same.</summary>
    ConstantColumn = 9,

    /// <summary>Texts are much longer or shorter than in the parent.</summary>
    TextLength = 10,

    /// <summary>Images are much larger or smaller than in the parent.</summary>
    ImageSize = 11,

    /// <summary>Images are brighter, darker or of other colours than in the parent.</summary>
    ImageChannels = 12,

    /// <summary>The version has far fewer rows than its parent.</summary>
    RowCount = 13,

    /// <summary>Values of a column that should all differ stand there more than once.</summary>
    NotUnique = 14,

    /// <summary>The file cannot be read, or does not fit the dataset's frozen schema.</summary>
    Unreadable = 15,
}
