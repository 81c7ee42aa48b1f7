using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Ingest;

/// <summary>What came in: files that lie in the blob store, and what was learnt of their rows on the way.</summary>
internal sealed record IngestResult
{
    public required IReadOnlyList<DatasetEntry> Entries { get; init; }
    public required IReadOnlyList<Column> Columns { get; init; }
    public required IReadOnlyList<ColumnStatistics> Statistics { get; init; }

    /// <summary>A sketch of a table's rows; null for other kinds, and for formats whose rows are not sketched.</summary>
    public RowSketch? RowHashes { get; init; }

    /// <summary>The bytes as they came in.</summary>
    public required BlobRef Source { get; init; }

    /// <summary>Where the bytes came from; null for an upload under the first entry's path.</summary>
    public string? Uri { get; init; }

    /// <summary>What an HTTP server or an object store called these bytes.</summary>
    public string? ETag { get; init; }
    public string? VersionId { get; init; }

    /// <summary>When they were read; null is the moment of the commit.</summary>
    public DateTimeOffset? FetchedAt { get; init; }
}
