namespace OrleansDL.Datasets.Shards;

/// <summary>What <c>index.json</c> says of one shard.</summary>
internal sealed record MdsIndexEntry
{
    /// <summary>Name of the file beside <c>index.json</c>.</summary>
    public required string Name { get; init; }
    public required BlobId Blob { get; init; }
    public required long Bytes { get; init; }
    public required int Samples { get; init; }
    public required IReadOnlyList<string> Encodings { get; init; }
}
