namespace OrleansDL.Training;

/// <summary>What is remembered of a worker. When it was last heard is not: it would be a write every second.</summary>
[GenerateSerializer, Alias("known-worker")]
internal sealed record KnownWorker
{
    [Id(0)] public string Name { get; init; } = "";
    [Id(1)] public string Incarnation { get; init; } = "";
    [Id(2)] public string Device { get; init; } = "";
    [Id(3)] public int Slots { get; init; }
    [Id(4)] public bool Draining { get; init; }

    /// <summary>When it was found gone; null while it is alive.</summary>
    [Id(5)] public DateTimeOffset? LostAt { get; init; }

    /// <summary>Bytes of memory that runs may use; 0: not told.</summary>
    [Id(6)] public long Memory { get; init; }

    /// <summary>Why it runs no user code; null: it does.</summary>
    [Id(50)] public string? NoUserCode { get; init; }
}
