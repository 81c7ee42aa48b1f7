namespace OrleansDL.Serving;

/// <summary>An output whose elements are the requests', each as many as it has of an input, in the input's shape.</summary>
[GenerateSerializer, Immutable, Alias("scattered-output")]
public sealed record ScatteredOutput
{
    [Id(0)] public required string Output { get; init; }

    /// <summary>The ragged input.</summary>
    [Id(1)] public required string Source { get; init; }
}
