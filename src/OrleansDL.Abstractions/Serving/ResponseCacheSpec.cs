namespace OrleansDL.Serving;

/// <summary>Answers kept on each server, so that an equal request is answered without running the model.</summary>
[GenerateSerializer, Immutable, Alias("response-cache-spec")]
public sealed record ResponseCacheSpec
{
    /// <summary>Bytes of answers kept on one server, 1,024 to 1 TiB; those not asked for the longest go first.</summary>
    [Id(0)] public long MaximumBytes { get; init; } = 64L << 20;

    /// <summary>How long an answer is good for, 0 to 31,536,000; 0: as long as its version answers.</summary>
    [Id(1)] public double Seconds { get; init; }
}
