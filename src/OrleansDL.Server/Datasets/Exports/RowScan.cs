namespace OrleansDL.Datasets.Exports;

/// <summary>How much of a version one look at it reads.</summary>
internal sealed class RowScan
{
    public long FirstRow { get; init; }

    /// <summary>Rows read at most, whether they match or not.</summary>
    public long MaximumRows { get; init; } = long.MaxValue;

    /// <summary>The row after the last that was read.</summary>
    public long NextRow { get; set; }
}
