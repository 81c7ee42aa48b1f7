namespace OrleansDL.Datasets.BatchPredictions;

[GenerateSerializer, Alias("batch-prediction-state")]
internal sealed record BatchPredictionState
{
    /// <summary>Null before it is started.</summary>
    [Id(0)] public BatchPrediction? Prediction { get; init; }
}
