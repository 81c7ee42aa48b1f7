using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary>Shows a run as it goes: a line for each change of status, and between them how far it is.</summary>
internal sealed class RunWatch(Screen screen) : IProgress<TrainingRun>
{
    private (RunStatus Status, int Attempt, string? Reason) _told = (RunStatus.New, 0, null);

    public static string Describe(RunProgress progress)
    {
        var share = progress.TotalSteps > 0 ? $" ({Format.Share((double)progress.Step / progress.TotalSteps)})" : "";
        var rate = progress.SamplesPerSecond > 0 ? $", {Format.Count((long)progress.SamplesPerSecond)} samples/s" : "";
        var eta = progress.EtaSeconds is > 0 ? $", {Format.Seconds(progress.EtaSeconds)} left" : "";
        return $"step {progress.Step} of {progress.TotalSteps}{share}, epoch {progress.Epoch}{rate}{eta}";
    }

    public void Report(TrainingRun value)
    {
        var now = (value.Status, value.Attempt, value.Reason);
        if (now != _told)
        {
            _told = now;
            var attempt = value.Attempt > 1 ? $", attempt {value.Attempt} from step {value.ResumedFromStep}" : "";
            screen.Line($"{Format.Of(value.Status)}{attempt}{(value.Reason is null ? "" : $": {Format.OneLine(value.Reason)}")}");
        }

        if (value is { Status: RunStatus.Running, Progress: { } progress })
        {
            screen.Progress(Describe(progress));
        }
    }
}
