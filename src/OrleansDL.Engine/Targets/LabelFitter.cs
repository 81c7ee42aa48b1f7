using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Targets;

internal sealed class LabelFitter(InputPlan plan) : TargetFitter
{
    private const int GreatestLabels = 10_000;

    private readonly Dictionary<string, long> _training = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _heldOut = new(StringComparer.Ordinal);

    public override IReadOnlyDictionary<string, long> Counts => _training;

    public override long UnknownLabels(IReadOnlyList<string> labels)
    {
        var known = labels.ToHashSet(StringComparer.Ordinal);
        return _heldOut.Where(label => !known.Contains(label.Key)).Sum(label => label.Value);
    }

    public override void Add(Row row, Side side)
    {
        var label = LabelReader.Read(row, plan.Targets[0], plan.LabelName!);
        var counts = side is Side.Training ? _training : _heldOut;
        counts[label] = counts.GetValueOrDefault(label) + 1;
        if (counts.Count > GreatestLabels)
        {
            throw new InvalidException($"Column '{plan.LabelName}' has more than {GreatestLabels} different values: it is no label. Name the label column as input.label.");
        }
    }

    public override IReadOnlyList<string> Fit(RunnerAssignment assignment) => _training.Count >= 2
        ? LabelOrder.Of(assignment.Labels, new SortedSet<string>(_training.Keys, StringComparer.Ordinal))
        : throw new InvalidException($"Dataset '{assignment.DatasetName}@v{assignment.DatasetVersion}' has one label only ('{_training.Keys.First()}') among its {_training.Values.Sum()} training rows in column '{plan.LabelName}': there is nothing to tell apart. Name another column as input.label, or commit rows of other labels.");
}
