namespace OrleansDL.Datasets.Ingest;

/// <summary>What is coming in and what it must fit.</summary>
internal sealed record IngestRequest
{
    public required DatasetKind Kind { get; init; }

    /// <summary>One of <see cref="IngestFormats"/>; null finds it out, see <see cref="FormatDetector"/>.</summary>
    public required string? Format { get; init; }
    public required HeaderMode Header { get; init; }

    /// <summary>The file's path within the dataset; not used for archives, whose files have their own. Without an extension it gets one, if the format is found out; <c>.gz</c> at its end goes away.</summary>
    public required string Path { get; init; }

    /// <summary>Types said of columns, in place of those found.</summary>
    public IReadOnlyDictionary<string, Column> Types { get; init; } = new Dictionary<string, Column>();

    /// <summary>The dataset's schema; null at the first commit.</summary>
    public IReadOnlyList<Column>? Schema { get; init; }
}
