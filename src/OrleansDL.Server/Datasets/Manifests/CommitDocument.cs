namespace OrleansDL.Datasets.Manifests;

/// <summary>A commit as it is hashed and kept: what the content is, what it came from, who said so and when.</summary>
internal sealed record CommitDocument
{
    /// <summary>The dataset it was made in. Two datasets with equal content have equal manifests but different commits.</summary>
    public required Guid Dataset { get; init; }
    public required IReadOnlyList<BlobId> Parents { get; init; }
    public required BlobId Manifest { get; init; }
    public required BlobId Schema { get; init; }
    public required BlobId Statistics { get; init; }

    /// <summary>The document that maps every row to its source.</summary>
    public required BlobId Origins { get; init; }
    public required string Author { get; init; }
    public required string Message { get; init; }
    public required DateTimeOffset Time { get; init; }

    /// <summary>The sources this commit brought in.</summary>
    public required IReadOnlyList<CommitSource> Sources { get; init; }
}
