namespace OrleansDL.Training;

/// <summary>What one epoch ended with.</summary>
internal sealed record EpochMetrics
{
    public required int Epoch { get; init; }
    public required long Step { get; init; }
    public required double TrainLoss { get; init; }
    public double? ValidationLoss { get; init; }
    public double? ValidationAccuracy { get; init; }

    /// <summary>What the head judges an epoch by, greater is better; null before it was kept, when it was the accuracy.</summary>
    public double? Score { get; init; }

    /// <summary>What the validation rows showed, by metric without its prefix; null before it was kept.</summary>
    public IReadOnlyDictionary<string, double>? Validation { get; init; }
}
