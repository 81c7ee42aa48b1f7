namespace OrleansDL.Training;

/// <summary>Whether a run has stopped getting better: a function of its history, so that it is the same after going on from a checkpoint.</summary>
internal static class EarlyStop
{
    public static bool IsDue(IReadOnlyList<EpochMetrics> history, EarlyStopSpec? spec, string? metric)
    {
        if (spec is null)
        {
            return false;
        }

        var (best, since) = (double.NegativeInfinity, 0);
        foreach (var epoch in history)
        {
            var score = EpochScore.Of(epoch, metric);
            (best, since) = score > best + spec.MinDelta ? (score, 0) : (best, since + 1);
        }

        return since >= spec.Patience;
    }
}
