namespace OrleansDL.Datasets;

/// <summary>One MDS shard of a version.</summary>
[GenerateSerializer, Immutable, Alias("dataset-shard")]
public sealed record DatasetShard
{
    /// <summary>Name in <c>index.json</c>: <c>shard.00000.mds</c>, in the order of rows.</summary>
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required BlobId Blob { get; init; }
    [Id(2)] public required long Bytes { get; init; }

    /// <summary>Rows in it.</summary>
    [Id(3)] public required int Samples { get; init; }

    /// <summary>How the values of each column are written, in the order of the column names.</summary>
    [Id(4)] public required IReadOnlyList<string> Encodings { get; init; }

    /// <summary>Key of the grain that has a version's shards.</summary>
    public static string KeyOf(string project, Guid dataset, BlobId commit) => $"{project}/{dataset}/{commit.Hex}";
}
