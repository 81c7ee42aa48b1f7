using OrleansDL.Tests.Harness;
using OrleansDL.Training;

namespace OrleansDL.Benchmarks.Training;

/// <summary>The engine's own loop, told to stop when enough was seen.</summary>
internal static class EngineLoop
{
    public static void Run(string family, string? precision = null)
    {
        using var folder = new TempFolder();
        var (rows, clock, isDone) = (FamilyRows.Of(family), new ProcessorClock(), false);
        TrainingHooks hooks = null!;
        hooks = new TrainingHooks
        {
            Progressed = (_, progress) =>
            {
                if (!isDone && clock.IsDone(progress.Step, rows.BatchSize))
                {
                    isDone = true;
                    hooks.Stop();
                }
            },
        };
        var (data, checkpoints) = (Directory.CreateDirectory(folder["data"]).FullName, Directory.CreateDirectory(folder["checkpoints"]).FullName);
        var assignment = rows.Write(data);
        TrainingJob.Run(assignment with { Spec = assignment.Spec with { Precision = precision } }, data, folder["out"], checkpoints, "cpu", hooks, TimeProvider.System);
    }
}
