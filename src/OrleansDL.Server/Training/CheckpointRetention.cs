namespace OrleansDL.Training;

/// <summary>Which checkpoints of a run stay.</summary>
internal static class CheckpointRetention
{
    /// <param name="checkpoints">All there are, oldest first.</param>
    /// <param name="spec">How many stay; null: the newest.</param>
    public static IReadOnlyList<Checkpoint> Keep(IReadOnlyList<Checkpoint> checkpoints, CheckpointSpec? spec)
    {
        var last = checkpoints.TakeLast(spec?.KeepLast ?? 1);
        var best = checkpoints.Where(checkpoint => checkpoint.Score is not null).OrderByDescending(checkpoint => checkpoint.Score).ThenBy(checkpoint => checkpoint.Step).Take(spec?.KeepBest ?? 0);
        return [.. last.Union(best).OrderBy(checkpoint => checkpoint.Step)];
    }
}
