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

    /// <summary>For each row its values by name, where the model predicts numbers; a model that reconstructs rows answers the <c>error</c>.</summary>
    [Id(5)] public IReadOnlyList<IReadOnlyDictionary<string, double>>? Values { get; init; }

    /// <summary>For each row the label of each token or time step, where the model labels steps.</summary>
    [Id(6)] public IReadOnlyList<IReadOnlyList<LabelScore>>? Steps { get; init; }

    /// <summary>For each row its vector, where the model gives one.</summary>
    [Id(7)] public IReadOnlyList<IReadOnlyList<float>>? Vectors { get; init; }

    /// <summary>The labels of one row, best first; none where the model gives no labels of rows.</summary>
    /// <param name="row">Counted from 0.</param>
    public IReadOnlyList<LabelScore> LabelsOf(int row) => row < Predictions.Count ? Predictions[row] : [];
}
