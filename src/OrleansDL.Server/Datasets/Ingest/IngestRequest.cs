namespace OrleansDL.Datasets.Ingest;

/// <summary>What is coming in and what it must fit.</summary>
internal sealed record IngestRequest
{
    public required DatasetKind Kind { get; init; }

    /// <summary><c>csv</c>, <c>jsonl</c>, <c>tar</c>, <c>zip</c> or <c>file</c>.</summary>
    public required string Format { get; init; }
    public required HeaderMode Header { get; init; }

    /// <summary>The file's path within the dataset; not used for archives, whose files have their own.</summary>
    public required string Path { get; init; }

    /// <summary>The dataset's schema; null at the first commit.</summary>
    public IReadOnlyList<Column>? Schema { get; init; }
}
