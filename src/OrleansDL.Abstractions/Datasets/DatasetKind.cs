namespace OrleansDL.Datasets;

/// <summary>What a dataset's files hold.</summary>
public enum DatasetKind
{
    /// <summary>Rows with named columns (CSV, JSON Lines).</summary>
    Table = 0,

    /// <summary>Images; the folder is the label.</summary>
    Image = 1,

    /// <summary>Rows whose main column is text.</summary>
    Text = 2,

    /// <summary>Any files, as they are.</summary>
    Files = 3,
}
