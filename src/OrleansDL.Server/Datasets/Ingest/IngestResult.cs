namespace OrleansDL.Datasets.Ingest;

/// <summary>What came in: files that lie in the blob store, and what was learnt of their rows on the way.</summary>
internal sealed record IngestResult
{
    public required IReadOnlyList<DatasetEntry> Entries { get; init; }
    public required IReadOnlyList<Column> Columns { get; init; }
    public required IReadOnlyList<ColumnStatistics> Statistics { get; init; }

    /// <summary>The bytes as they came in.</summary>
    public required BlobRef Source { get; init; }
}
