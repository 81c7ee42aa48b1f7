namespace OrleansDL.Serving;

/// <summary>A worker's memory for models as it stands. Workers tell every server, so that placing a model asks nobody.</summary>
[GenerateSerializer, Immutable, Alias("model-host")]
public sealed record ModelHost
{
    [Id(0)] public required string Worker { get; init; }

    /// <summary><c>cpu</c> or <c>cuda:0</c>.</summary>
    [Id(1)] public required string Device { get; init; }

    /// <summary>Bytes that models may take.</summary>
    [Id(2)] public required long LimitBytes { get; init; }

    /// <summary>Bytes that loaded models take, each measured after its warm-up.</summary>
    [Id(3)] public required long UsedBytes { get; init; }

    /// <summary>Bytes set aside for models that are being loaded.</summary>
    [Id(4)] public long ReservedBytes { get; init; }

    /// <summary>Bytes of models that are never evicted.</summary>
    [Id(5)] public long PinnedBytes { get; init; }
    [Id(6)] public int Loaded { get; init; }
    [Id(7)] public int Loading { get; init; }

    /// <summary>Last use of the model that was not used for longest; null: none may be evicted.</summary>
    [Id(8)] public DateTimeOffset? OldestUseAt { get; init; }

    /// <summary>Models loaded since the worker started.</summary>
    [Id(9)] public long Loads { get; init; }

    /// <summary>Models evicted for room since the worker started.</summary>
    [Id(10)] public long Evictions { get; init; }

    /// <summary>Models unloaded because nobody asked for them, since the worker started.</summary>
    [Id(11)] public long IdleUnloads { get; init; }
}
