namespace OrleansDL.Serving;

/// <summary>The part of a deployment's requests that one version answers.</summary>
[GenerateSerializer, Immutable, Alias("traffic-share")]
public sealed record TrafficShare
{
    /// <summary>The version's number.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Percent of the requests, 0 to 100, in hundredths at the finest.</summary>
    [Id(1)] public required double Percent { get; init; }
}
