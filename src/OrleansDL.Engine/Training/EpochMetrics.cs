namespace OrleansDL.Training;

/// <summary>What one epoch ended with.</summary>
internal sealed record EpochMetrics
{
    public required int Epoch { get; init; }
    public required long Step { get; init; }
    public required double TrainLoss { get; init; }
    public double? ValidationLoss { get; init; }
    public double? ValidationAccuracy { get; init; }
}
