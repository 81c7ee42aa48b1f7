using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Data;

/// <summary>A dataset version split, fitted and encoded for training.</summary>
internal sealed class TrainingData : IDisposable
{
    private const int GreatestLabels = 10_000;
    private const long DefaultMemory = 1L << 30;
    private const int DefaultThreads = 2;

    private readonly RowSource _source;

    private TrainingData(RowSource source) => _source = source;

    public required Pipeline Pipeline { get; init; }
    public required SampleRows Training { get; init; }
    public required SampleRows Validation { get; init; }

    /// <summary>Training rows of each label.</summary>
    public required IReadOnlyDictionary<string, long> Labels { get; init; }

    /// <summary>Validation rows whose label no training row has: they count as wrong.</summary>
    public required long UnknownLabels { get; init; }

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
        var fitter = PipelineFitter.For(plan);
        var (training, validation) = (new RowSet(), new RowSet());
        var (labels, heldOut) = (new Dictionary<string, long>(StringComparer.Ordinal), new Dictionary<string, long>(StringComparer.Ordinal));
        source.Read(split.NeedsAll ? [] : plan.Wanted(source.Columns.Count, split.Column), row =>
        {
            var side = split.Of(row);
            training.Add(side is Side.Training);
            validation.Add(side is Side.Validation);
            if (side is Side.LeftOut)
            {
                return;
            }

            var label = LabelReader.Read(row, plan.Label, plan.LabelName);
            var counts = side is Side.Training ? labels : heldOut;
            counts[label] = counts.GetValueOrDefault(label) + 1;
            if (counts.Count > GreatestLabels)
            {
                throw new InvalidException($"Column '{plan.LabelName}' has more than {GreatestLabels} different values: it is no label. Name the label column as input.label.");
            }

            if (side is Side.Training)
            {
                fitter.Add(row);
            }
        });
        training.Close();
        validation.Close();
        Check(assignment, plan, training.Count, validation.Count, labels);
        var pipeline = fitter.Fit(LabelOrder.Of(assignment.Labels, new SortedSet<string>(labels.Keys, StringComparer.Ordinal)));
        var numbers = pipeline.Labels.Index().ToDictionary(label => label.Item, label => (long)label.Index, StringComparer.Ordinal);
        var data = new TrainingData(source)
        {
            Pipeline = pipeline,
            Training = new SampleRows(source, training, pipeline, plan, numbers),
            Validation = new SampleRows(source, validation, pipeline, plan, numbers),
            Labels = labels,
            UnknownLabels = heldOut.Where(label => !numbers.ContainsKey(label.Key)).Sum(label => label.Value),
            Threads = spec.Reader?.Threads ?? DefaultThreads,
        };
        if (FitsInMemory(pipeline, training.Count + validation.Count, spec.Reader?.MemoryBytes ?? DefaultMemory))
        {
            data.Training.Keep(data.Threads);
            data.Validation.Keep(data.Threads);
        }

        return data;
    }

    private static bool FitsInMemory(Pipeline pipeline, long rows, long memory) =>
        (double)rows * (pipeline.RowBytes + sizeof(long)) <= Math.Min(memory, Array.MaxLength * 4.0);

    private static void Check(RunnerAssignment assignment, InputPlan plan, long training, long validation, Dictionary<string, long> labels)
    {
        var dataset = $"Dataset '{assignment.DatasetName}@v{assignment.DatasetVersion}'";
        if (training == 0)
        {
            throw new InvalidException($"{dataset} leaves no row to train on: {validation} rows are held out for validation. Commit more rows, or change validationFraction or reader.split.");
        }

        if (labels.Count < 2)
        {
            throw new InvalidException($"{dataset} has one label only ('{labels.Keys.First()}') among its {training} training rows in column '{plan.LabelName}': there is nothing to tell apart. Name another column as input.label, or commit rows of other labels.");
        }
    }
}
