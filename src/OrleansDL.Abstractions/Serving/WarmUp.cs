namespace OrleansDL.Serving;

/// <summary>Requests that a model is run on before it answers its first caller.</summary>
[GenerateSerializer, Immutable, Alias("warm-up")]
public sealed record WarmUp
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Rows of the request; 0: the model has no batch axis.</summary>
    [Id(1)] public int Rows { get; init; }

    /// <summary>How often it is run, 1 to 1000.</summary>
    [Id(2)] public int Count { get; init; } = 1;

    [Id(3)] public required IReadOnlyList<WarmUpInput> Inputs { get; init; }
}
