using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary>A run as a page of facts.</summary>
internal static class RunView
{
    public static void Print(Screen screen, TrainingRun run)
    {
        screen.Facts(
            ("run", $"{run.Name} ({run.Id})"),
            ("status", Format.Of(run.Status) + (run.Reason is null ? "" : $": {Format.OneLine(run.Reason)}")),
            ("dataset", $"{run.DatasetName}@v{run.DatasetVersion} {Format.Digest(run.DatasetCommit)}"),
            ("network", run.Spec.Network?.Family),
            ("judges", run.Spec.Model),
            ("progress", run.Progress is null ? null : RunWatch.Describe(run.Progress)),
            ("attempt", run.Attempt == 0 ? null : $"{run.Attempt}{(run.ResumedFromStep > 0 ? $", resumed from step {run.ResumedFromStep}" : "")}"),
            ("place", run.Position is null ? null
                : $"{run.Position} in pool {run.Spec.Pool}{(run.EstimatedStart is { } at ? $", should start {Format.Time(at)}" : "")}"),
            ("sent away", run.Preemptions == 0 ? null : $"{run.Preemptions} times"),
            ("retries", run.Retries == 0 ? null : $"{run.Retries}"),
            ("worker", run.Spec.Workers > 1 ? null : run.Worker),
            ("workers", run.Spec.Workers > 1 ? Workers(run) : null),
            ("created", Format.Time(run.CreatedAt)),
            ("took", run is { StartedAt: { } start, FinishedAt: { } end } ? Format.Seconds((end - start).TotalSeconds) : null),
            ("metrics", Headlines.Of(run.Metrics)),
            ("model", run.ModelVersion));
        if (run.Spec.Workers > 1 || run.Attempts.Count > 1)
        {
            foreach (var attempt in run.Attempts)
            {
                screen.Line($"attempt   {attempt.Attempt}, {Format.Time(attempt.StartedAt)}, from step {attempt.FromStep} on {Of(attempt.Workers)}{(attempt.Ended is { } why ? $"; it ended: {why}" : "")}");
            }
        }

        foreach (var (name, file) in (run.Artifact ?? new Dictionary<string, BlobRef>()).OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            screen.Line($"artifact  {name}, {Format.Bytes(file.Bytes)}, {Format.Digest(file.Blob)}");
        }
    }

    private static string Workers(TrainingRun run)
    {
        var least = run.Spec.MinWorkers is { } few && few < run.Spec.Workers ? $", at least {few}" : "";
        var now = run.Worker is not null && run.Attempts is [.., var last] ? $": now {Of(last.Workers)}" : "";
        return $"{run.Spec.Workers} asked for{least}{now}";
    }

    private static string Of(IReadOnlyList<string> workers) => $"{workers.Count} worker{(workers.Count == 1 ? "" : "s")} ({string.Join(", ", workers)})";
}
