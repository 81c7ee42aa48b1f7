namespace OrleansDL.Datasets.Formats;

/// <summary>What a file holds.</summary>
internal sealed record TableShape
{
    public required long Rows { get; init; }
    public required IReadOnlyList<Column> Columns { get; init; }

    /// <summary>Where rows begin, for formats that need it to be told.</summary>
    public RowIndex? Index { get; init; }
}
