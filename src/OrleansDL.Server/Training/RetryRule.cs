using System.Globalization;

namespace OrleansDL.Training;

/// <summary>What becomes of a run whose attempt failed of its own doing.</summary>
internal static class RetryRule
{
    /// <summary>Tries after a crash when the spec names no number.</summary>
    private const int CrashRetries = 2;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <returns>The spec of the next attempt, or null for the end; why; and how long the next attempt waits.</returns>
    public static (TrainingSpec? Spec, string Reason, TimeSpan Pause) Next(TrainingRunState state, RunOutcome outcome)
    {
        var spec = state.Spec!;
        var reason = outcome.Reason ?? "The program failed and gave no reason.";
        var retries = state.Retries ?? 0;
        return outcome.Kind switch
        {
            RunOutcomeKind.OutOfMemory when spec.OnOutOfMemory is OutOfMemory.HalveBatch && spec.BatchSize / 2 >= (spec.Workers ?? 1) => (
                spec with { BatchSize = spec.BatchSize / 2 },
                string.Create(CultureInfo.InvariantCulture, $"It ran out of memory with batches of {spec.BatchSize} and goes on with batches of {spec.BatchSize / 2}. {reason}"),
                TimeSpan.Zero),
            RunOutcomeKind.OutOfMemory => (null, $"It ran out of memory. {Advice(spec)} {reason}", TimeSpan.Zero),
            RunOutcomeKind.Crashed or RunOutcomeKind.Hung when retries < (spec.MaxRetries ?? CrashRetries) => (spec, reason, Pause(retries)),
            RunOutcomeKind.Failed when retries < (spec.MaxRetries ?? 0) => (spec, reason, Pause(retries)),
            _ => (null, retries == 0 ? reason : string.Create(CultureInfo.InvariantCulture, $"After {retries} more tries: {reason}"), TimeSpan.Zero),
        };
    }

    private static string Advice(TrainingSpec spec) => string.Create(
        CultureInfo.InvariantCulture,
        $"Give it a smaller batchSize (it has {spec.BatchSize}), a smaller network or a worker with more memory; onOutOfMemory 'halveBatch' lets it halve the batch by itself.");

    private static TimeSpan Pause(int retries)
    {
        var pause = FirstPause * Math.Pow(2, retries);
        return pause < LongestPause ? pause : LongestPause;
    }
}
