namespace OrleansDL.Monitoring;

/// <summary>How a version did as a shadow: nobody got its answers.</summary>
[GenerateSerializer, Immutable, Alias("shadow-window")]
public sealed record ShadowWindow
{
    /// <summary>Answers compared with those that callers got.</summary>
    [Id(0)] public required long Compared { get; init; }

    /// <summary>Of these, how many agreed.</summary>
    [Id(1)] public required long Agreed { get; init; }

    /// <summary>Requests that the shadow failed to answer.</summary>
    [Id(2)] public required long Failed { get; init; }

    /// <summary>Requests that were to be compared and were not, because too many waited.</summary>
    [Id(3)] public required long Dropped { get; init; }

    /// <summary>Seconds of the shadow's own answers; null without any.</summary>
    [Id(4)] public double? LatencyP50Seconds { get; init; }
    [Id(5)] public double? LatencyP99Seconds { get; init; }

    /// <summary>Greatest difference of an answer's numbers, as a part of the greatest number of their tensor; null where none were compared.</summary>
    [Id(6)] public double? DifferenceP50 { get; init; }
    [Id(7)] public double? DifferenceP99 { get; init; }
    [Id(8)] public double? DifferenceMaximum { get; init; }

    /// <summary>Part of the compared answers that agreed; null without any.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public double? Agreement => Compared == 0 ? null : Agreed / (double)Compared;
}
