namespace OrleansDL.Serving;

/// <summary>Requests whose header has a value are answered by one version, whatever the shares say.</summary>
[GenerateSerializer, Immutable, Alias("traffic-rule")]
public sealed record TrafficRule
{
    /// <summary>Name of a request header, in gRPC of a metadata entry.</summary>
    [Id(0)] public required string Header { get; init; }

    /// <summary>The whole value; case counts.</summary>
    [Id(1)] public required string Value { get; init; }

    /// <summary>The version's number.</summary>
    [Id(2)] public required long Version { get; init; }
}
