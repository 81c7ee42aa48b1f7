namespace OrleansDL.Serving;

/// <summary>What last went wrong with a generation on a worker, and was mended or is being mended.</summary>
[GenerateSerializer, Immutable, Alias("replica-trouble")]
public sealed record ReplicaTrouble
{
    [Id(0)] public required string Worker { get; init; }

    /// <summary>What happened, and what is done about it.</summary>
    [Id(1)] public required string Reason { get; init; }
    [Id(2)] public required DateTimeOffset Time { get; init; }
}
