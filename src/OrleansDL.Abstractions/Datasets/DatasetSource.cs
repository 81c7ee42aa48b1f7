namespace OrleansDL.Datasets;

/// <summary>Where files of a commit came from.</summary>
[GenerateSerializer, Immutable, Alias("dataset-source")]
public sealed record DatasetSource
{
    /// <summary>For an upload <c>upload:FILENAME</c>; else the URI that was read.</summary>
    [Id(0)] public required string Uri { get; init; }

    /// <summary>Digest of the bytes as they came in.</summary>
    [Id(1)] public required BlobId Sha256 { get; init; }
    [Id(2)] public required long Bytes { get; init; }

    /// <summary>The rows of the version that came from it: first row, counted from 0, and how many.</summary>
    [Id(3)] public required long FirstRow { get; init; }
    [Id(4)] public required long Rows { get; init; }
    [Id(5)] public required DateTimeOffset FetchedAt { get; init; }
}
