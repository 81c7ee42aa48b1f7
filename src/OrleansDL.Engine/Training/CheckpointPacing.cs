namespace OrleansDL.Training;

/// <summary>Seconds between checkpoints: as the spec says, or by Young and Daly's rule the root of twice the cost of one times the mean time between losses.</summary>
internal sealed class CheckpointPacing(double seconds, double? lossSeconds)
{
    private const double LeastSeconds = 1;
    private const double GreatestSeconds = 600;

    /// <summary>Work that a run may lose where nobody has said how often workers are lost.</summary>
    private const double PromisedSeconds = 30;
    private const double DefaultLossSeconds = 6 * 3600;

    private double? _cost;

    /// <summary>What the training thread has just waited for a checkpoint. Later ones count as much as all before: a network does not shrink, but a machine gets busier.</summary>
    public void Add(double cost) => _cost = _cost is { } before ? (before + cost) / 2 : cost;

    /// <summary>Before the first one its cost is not known, and not long is waited to learn it.</summary>
    public double Seconds => (seconds, _cost) switch
    {
        ( > 0, _) => seconds,
        (_, null) => LeastSeconds,
        (_, { } cost) => Math.Clamp(Math.Sqrt(2 * cost * (lossSeconds ?? DefaultLossSeconds)), LeastSeconds, lossSeconds is null ? PromisedSeconds : GreatestSeconds),
    };
}
