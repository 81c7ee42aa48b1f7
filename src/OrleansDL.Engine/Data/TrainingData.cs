using OrleansDL.Pipelines;
using OrleansDL.Targets;
using OrleansDL.Training;

namespace OrleansDL.Data;

/// <summary>A dataset version split, fitted and encoded for training.</summary>
internal sealed class TrainingData : IDisposable
{
    private const long DefaultMemory = 1L << 30;
    private const int DefaultThreads = 2;

    private readonly RowSource _source;

    private TrainingData(RowSource source) => _source = source;

    public required Pipeline Pipeline { get; init; }
    public required Target Target { get; init; }
    public required SampleRows Training { get; init; }
    public required SampleRows Validation { get; init; }

    /// <summary>Training rows of each label; empty where there are no labels.</summary>
    public required IReadOnlyDictionary<string, long> Labels { get; init; }

    /// <summary>Validation rows whose label no training row has: they count as wrong.</summary>
    public required long UnknownLabels { get; init; }

    /// <summary>Whether numbers decide which rows train.</summary>
    public required bool SplitByNumbers { get; init; }

    /// <summary>Threads that read ahead.</summary>
    public required int Threads { get; init; }

    public static TrainingData Load(RunnerAssignment assignment, string folder)
    {
        var source = new RowSource(assignment, folder);
        try
        {
            return Load(assignment, source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    public void Dispose() => _source.Dispose();

    private static TrainingData Load(RunnerAssignment assignment, RowSource source)
    {
        var spec = assignment.Spec;
        var split = new RowSplit(spec, source.Columns);
        var plan = InputPlan.Resolve(spec, assignment.DatasetKind, source, split);
        var (fitter, targets) = (PipelineFitter.For(plan), TargetFitter.For(plan));
        var (training, validation) = (new RowSet(), new RowSet());
        source.Read(split.NeedsAll ? [] : plan.Wanted(source.Columns.Count, split.Column), row =>
        {
            var side = split.Of(row);
            training.Add(side is Side.Training);
            validation.Add(side is Side.Validation);
            if (side is Side.LeftOut)
            {
                return;
            }

            targets.Add(row, side);
            if (side is Side.Training)
            {
                fitter.Add(row);
            }
        });
        training.Close();
        validation.Close();
        if (training.Count == 0)
        {
            throw new InvalidException($"Dataset '{assignment.DatasetName}@v{assignment.DatasetVersion}' leaves no row to train on: {validation.Count} rows are held out for validation. Commit more rows, or change validationFraction or reader.split.");
        }

        var labels = targets.Fit(assignment);
        var pipeline = fitter.Fit(labels);
        var target = Target.For(pipeline);
        var data = new TrainingData(source)
        {
            Pipeline = pipeline,
            Target = target,
            Training = new SampleRows(source, training, pipeline, plan, target),
            Validation = new SampleRows(source, validation, pipeline, plan, target),
            Labels = targets.Counts,
            SplitByNumbers = split.ByNumbers,
            UnknownLabels = targets.UnknownLabels(labels),
            Threads = spec.Reader?.Threads ?? DefaultThreads,
        };
        if (FitsInMemory(pipeline.RowBytes + target.Bytes, training.Count + validation.Count, spec.Reader?.MemoryBytes ?? DefaultMemory))
        {
            data.Training.Keep(data.Threads);
            data.Validation.Keep(data.Threads);
        }

        return data;
    }

    private static bool FitsInMemory(int rowBytes, long rows, long memory) => (double)rows * rowBytes <= Math.Min(memory, Array.MaxLength * 4.0);
}
