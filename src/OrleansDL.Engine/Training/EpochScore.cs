namespace OrleansDL.Training;

/// <summary>How good an epoch was, greater is better.</summary>
internal static class EpochScore
{
    private static readonly string[] BetterLower = ["loss", "error", "mae", "mse", "rmse", "perplexity", "ece"];

    /// <param name="epoch">What the epoch ended with.</param>
    /// <param name="metric">The metric it is judged by; null: the head's own, or the training loss where nothing is held out.</param>
    /// <exception cref="InvalidException">The epoch has no such metric.</exception>
    public static double Of(EpochMetrics epoch, string? metric)
    {
        if (metric is null)
        {
            return epoch.Score ?? epoch.ValidationAccuracy ?? -epoch.TrainLoss;
        }

        if (metric == "train.loss")
        {
            return -epoch.TrainLoss;
        }

        var name = metric["validation.".Length..];
        return epoch.Validation?.TryGetValue(name, out var value) is true
            ? IsBetterLower(name) ? -value : value
            : throw new InvalidException(epoch.Validation is null
                ? $"metric '{metric}' needs rows held out for validation. Set validationFraction above 0, or metric to train.loss."
                : $"metric '{metric}' is not among those of an epoch: train.loss, {string.Join(", ", epoch.Validation.Keys.Select(key => $"validation.{key}"))}. Name one of them.");
    }

    private static bool IsBetterLower(string name) => BetterLower.Any(end => name.EndsWith(end, StringComparison.OrdinalIgnoreCase));
}
