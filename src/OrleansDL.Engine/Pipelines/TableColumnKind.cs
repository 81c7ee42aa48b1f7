namespace OrleansDL.Pipelines;

/// <summary>How a column of a table enters the network.</summary>
internal enum TableColumnKind
{
    /// <summary>One number, by mean and deviation of the training rows.</summary>
    Numeric,

    /// <summary>One 0 or 1 per known text.</summary>
    Categorical,

    /// <summary>One 0 or 1.</summary>
    Bool,

    /// <summary>The place of a known text, from 1, for the network to embed; 0 for any other. Stands behind all other numbers of the row.</summary>
    Index,
}
