namespace OrleansDL.Training;

/// <summary>What a guard remembers from step to step; part of a checkpoint.</summary>
internal sealed record GuardState
{
    /// <summary>Recent losses of good steps, oldest first.</summary>
    public IReadOnlyList<float> Losses { get; init; } = [];

    /// <summary>Bad steps so far.</summary>
    public int Bad { get; init; }
}
