namespace OrleansDL.Serving;

/// <summary>What one input is given while a model is warmed.</summary>
[GenerateSerializer, Immutable, Alias("warm-up-input")]
public sealed record WarmUpInput
{
    [Id(0)] public required string Input { get; init; }

    /// <summary>Sizes of one row, without the batch axis.</summary>
    [Id(1)] public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Whether values are drawn; otherwise they are zeros, or those of <see cref="File"/>.</summary>
    [Id(2)] public bool IsRandom { get; init; }

    /// <summary>The artifact's file with the raw values of one row, or of all; null: none.</summary>
    [Id(3)] public string? File { get; init; }
}
