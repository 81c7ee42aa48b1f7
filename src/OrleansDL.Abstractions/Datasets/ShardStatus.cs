namespace OrleansDL.Datasets;

/// <summary>How far the shards of a version are made.</summary>
[GenerateSerializer, Immutable, Alias("shard-status")]
public sealed record ShardStatus
{
    [Id(0)] public required ShardState State { get; init; }

    /// <summary>Rows of the version.</summary>
    [Id(1)] public required long Rows { get; init; }

    /// <summary>Rows whose shards are there.</summary>
    [Id(2)] public required long RowsDone { get; init; }
    [Id(3)] public int Shards { get; init; }
    [Id(4)] public long Bytes { get; init; }

    /// <summary>Why they could not be made.</summary>
    [Id(5)] public string? Error { get; init; }
}
