namespace OrleansDL.Serving;

/// <summary>The answer to a predict call, traceable by its inference id.</summary>
[GenerateSerializer, Immutable, Alias("prediction")]
public sealed record Prediction
{
    [Id(0)] public required Guid InferenceId { get; init; }
    [Id(1)] public required string Deployment { get; init; }
    [Id(2)] public required string Model { get; init; }
    [Id(3)] public required long ModelVersion { get; init; }
    [Id(4)] public required IReadOnlyList<IReadOnlyList<LabelScore>> Predictions { get; init; }
}
