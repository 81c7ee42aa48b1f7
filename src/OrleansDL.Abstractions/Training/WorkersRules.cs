using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a spec must keep to that asks for several workers.</summary>
internal static class WorkersRules
{
    private const int Most = 64;

    public static void Check(TrainingSpec spec)
    {
        if (spec.Workers is null && spec.MinWorkers is null)
        {
            return;
        }

        Require(
            spec.Program is TrainingProgram.Train,
            $"workers and minWorkers do not belong to program '{Name(spec.Program)}': only the built-in training is divided. Take them out.");
        Range("workers", spec.Workers, 1, Most);
        Require(spec.MinWorkers is null || spec.Workers is not null, "minWorkers is set and workers is not. Give the number of workers that the run should have.");
        Range("minWorkers", spec.MinWorkers, 1, spec.Workers ?? Most);
        Require(
            spec.BatchSize >= spec.Workers,
            $"batchSize is {spec.BatchSize} and workers {spec.Workers}: a worker would have no row. Give a batchSize of {spec.Workers} or more, or fewer workers.");
        Require(
            spec.Workers == 1 || spec.Head?.Kind is not "embedding",
            "workers: head.kind 'embedding' compares each row with all others of its batch, which several workers cannot. Take workers out.");
    }

    private static string Name(TrainingProgram program) => char.ToLowerInvariant($"{program}"[0]) + $"{program}"[1..];
}
