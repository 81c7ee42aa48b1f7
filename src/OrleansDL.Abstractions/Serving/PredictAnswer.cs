namespace OrleansDL.Serving;

/// <summary>Labels for raw rows.</summary>
[GenerateSerializer, Immutable, Alias("predict-answer")]
public sealed class PredictAnswer
{
    /// <summary>For each row its labels, best first.</summary>
    [Id(0)] public required IReadOnlyList<IReadOnlyList<LabelScore>> Rows { get; init; }
}
