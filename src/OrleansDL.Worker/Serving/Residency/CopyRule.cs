namespace OrleansDL.Serving.Residency;

/// <summary>Whether a model wants a further copy, or this one is too many, by how it was used lately.</summary>
internal static class CopyRule
{
    /// <summary>A copy that has so much to do wants another beside it, whether requests wait or not.</summary>
    private const double BusyPerSecond = 2000 / 60.0;

    /// <summary>A copy that has as little to do as this for <see cref="QuietFor"/> is one too many, if others are there.</summary>
    private const double QuietPerSecond = BusyPerSecond / 4;

    public static readonly TimeSpan QuietFor = TimeSpan.FromMinutes(1);

    /// <summary>Whether a further copy is wanted.</summary>
    /// <param name="residency">The deployment's terms.</param>
    /// <param name="requests">Requests in the time.</param>
    /// <param name="queued">Time they waited for their execution, summed up.</param>
    /// <param name="time">The time.</param>
    public static bool WantsMore(ResidencySpec residency, long requests, TimeSpan queued, TimeSpan time) =>
        residency.MaximumReplicas > 1 && requests > 0
        && (queued / requests > TimeSpan.FromMilliseconds(residency.QueueTargetMilliseconds) || requests / time.TotalSeconds > BusyPerSecond);

    /// <summary>Whether little enough was asked that others can answer it too.</summary>
    public static bool IsQuiet(ResidencySpec residency, long requests, TimeSpan time) =>
        residency.MaximumReplicas > 1 && requests / time.TotalSeconds < QuietPerSecond;
}
