using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Data;

/// <summary>A dataset version split, fitted and encoded for training.</summary>
internal sealed class TrainingData
{
    private const int GreatestLabels = 10_000;

    public required Pipeline Pipeline { get; init; }
    public required EncodedRows Training { get; init; }
    public required EncodedRows Validation { get; init; }

    /// <summary>Validation rows whose label no training row has: they count as wrong.</summary>
    public required int UnknownLabels { get; init; }

    public static TrainingData Load(RunnerAssignment assignment, string folder)
    {
        var source = new RowSource(assignment, folder);
        var plan = InputPlan.Resolve(assignment.Spec, assignment.DatasetKind, source);
        var fitter = PipelineFitter.For(plan);
        var labels = new SortedSet<string>(StringComparer.Ordinal);
        var (training, validation) = (0, 0);
        source.Read(row =>
        {
            var label = LabelReader.Read(row, plan.Label, plan.LabelName);
            if (IsHeldOut(row, assignment.Spec))
            {
                validation++;
                return;
            }

            training++;
            fitter.Add(row);
            if (labels.Add(label) && labels.Count > GreatestLabels)
            {
                throw new InvalidException($"Column '{plan.LabelName}' has more than {GreatestLabels} different values: it is no label. Name the label column as input.label.");
            }
        });
        Check(assignment, plan, training, validation, labels);
        return Encode(source, plan, assignment.Spec, fitter.Fit(LabelOrder.Of(assignment.Labels, labels)), training, validation);
    }

    /// <summary>Whether a row is for validation: a function of the seed and its content, so that equal rows never stand on both sides and rows added later move none.</summary>
    public static bool IsHeldOut(Row row, TrainingSpec spec) =>
        spec.ValidationFraction > 0 && row.Hash(spec.Seed) < spec.ValidationFraction * ulong.MaxValue;

    private static TrainingData Encode(RowSource source, InputPlan plan, TrainingSpec spec, Pipeline pipeline, int training, int validation)
    {
        var (train, valid) = (new EncodedRows(pipeline, training), new EncodedRows(pipeline, validation));
        var numbers = pipeline.Labels.Index().ToDictionary(label => label.Item, label => (long)label.Index, StringComparer.Ordinal);
        var (nextTrain, nextValid, unknown) = (0, 0, 0);
        source.Read(row =>
        {
            var heldOut = IsHeldOut(row, spec);
            var (rows, next) = heldOut ? (valid, nextValid++) : (train, nextTrain++);
            pipeline.Encode(row, plan.Columns, rows.Bytes(next));
            var known = numbers.TryGetValue(row.Text(plan.Label)!, out var number);
            rows.Labels[next] = known ? number : EncodedRows.UnknownLabel;
            unknown += known ? 0 : 1;
        });
        return new TrainingData { Pipeline = pipeline, Training = train, Validation = valid, UnknownLabels = unknown };
    }

    private static void Check(RunnerAssignment assignment, InputPlan plan, int training, int validation, SortedSet<string> labels)
    {
        var dataset = $"Dataset '{assignment.DatasetName}@v{assignment.DatasetVersion}'";
        if (training == 0)
        {
            throw new InvalidException($"{dataset} leaves no row to train on: {validation} of its {validation} rows are held out for validation. Commit more rows, or lower validationFraction.");
        }

        if (labels.Count < 2)
        {
            throw new InvalidException($"{dataset} has one label only ('{labels.Min}') among its {training} training rows in column '{plan.LabelName}': there is nothing to tell apart. Name another column as input.label, or commit rows of other labels.");
        }
    }
}
