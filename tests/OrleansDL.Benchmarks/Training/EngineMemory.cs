using System.Globalization;
using OrleansDL.Tests.Harness;
using OrleansDL.Training;

namespace OrleansDL.Benchmarks.Training;

/// <summary>Resident memory of a process that trains: its mean between a tenth and two tenths of the steps, and over the last tenth.</summary>
internal static class EngineMemory
{
    public static void Run(string family, long steps)
    {
        using var folder = new TempFolder();
        var (early, late, isDone) = (new List<long>(), new List<long>(), false);
        TrainingHooks hooks = null!;
        hooks = new TrainingHooks
        {
            Progressed = (_, progress) =>
            {
                if (progress.Step >= steps && !isDone)
                {
                    isDone = true;
                    hooks.Stop();
                }
                else if (progress.Step >= steps / 10 * 9)
                {
                    late.Add(Environment.WorkingSet);
                }
                else if (progress.Step >= steps / 10 && progress.Step < steps / 5)
                {
                    early.Add(Environment.WorkingSet);
                }
            },
        };
        var (data, checkpoints) = (Directory.CreateDirectory(folder["data"]).FullName, Directory.CreateDirectory(folder["checkpoints"]).FullName);
        var assignment = FamilyRows.Of(family).Write(data);
        TrainingJob.Run(assignment with { Spec = assignment.Spec with { BatchSize = 8, CheckpointSeconds = 5 } }, data, folder["out"], checkpoints, "cpu", hooks, TimeProvider.System);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ready {early.Average() / (1 << 20)} {late.Average() / (1 << 20)}"));
    }
}
