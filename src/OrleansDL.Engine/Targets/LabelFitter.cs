using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Heads;
using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Targets;

/// <summary>The labels of the rows: one each, several, or one per step.</summary>
internal sealed class LabelFitter(InputPlan plan) : TargetFitter
{
    private const int GreatestLabels = 10_000;

    private readonly Dictionary<string, long> _training = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _heldOut = new(StringComparer.Ordinal);

    private string? Separator => plan.Schema[plan.Targets[0]].Separator;

    public override IReadOnlyDictionary<string, long> Counts => _training;

    public override long UnknownLabels(IReadOnlyList<string> labels)
    {
        var known = labels.ToHashSet(StringComparer.Ordinal);
        return _heldOut.Where(label => !known.Contains(label.Key)).Sum(label => label.Value);
    }

    public override void Add(Row row, Side side)
    {
        var counts = side is Side.Training ? _training : _heldOut;
        switch (plan.Head.Kind)
        {
            case HeadNames.Labels:
                AddAll(counts, ListCell.Read(row, plan.Targets[0], plan.LabelName!, Separator ?? LabelText.Separator).Distinct(StringComparer.Ordinal));
                break;
            case HeadNames.Sequence:
                AddAll(counts, ListCell.Read(row, plan.Targets[0], plan.LabelName!, Separator));
                break;
            default:
                AddAll(counts, [LabelReader.Read(row, plan.Targets[0], plan.LabelName!)]);
                break;
        }
    }

    public override (IReadOnlyList<string> Labels, FittedTarget? Target) Fit(RunnerAssignment assignment)
    {
        if (_training.Count < (plan.Head.Kind is HeadNames.Labels ? 1 : 2))
        {
            var dataset = $"Dataset '{assignment.DatasetName}@v{assignment.DatasetVersion}'";
            throw new InvalidException(_training.Count == 0
                ? $"{dataset} has no label in column '{plan.LabelName}' among its training rows: there is nothing to learn. Name another column as input.label."
                : $"{dataset} has one label only ('{_training.Keys.First()}') among its {_training.Values.Sum()} training rows in column '{plan.LabelName}': there is nothing to tell apart. Name another column as input.label, or commit rows of other labels.");
        }

        // A version's list names whole cells: it is the order of labels where a cell is one label.
        var listed = plan.Head.Kind is HeadNames.Label or HeadNames.Embedding ? assignment.Labels : null;
        return (LabelOrder.Of(listed, new SortedSet<string>(_training.Keys, StringComparer.Ordinal)), plan.Head.Kind switch
        {
            HeadNames.Label => null,
            HeadNames.Labels => new FittedTarget { Head = plan.Head.Kind, Threshold = plan.Head.Threshold ?? 0.5, Separator = Separator },
            HeadNames.Embedding => new FittedTarget { Head = plan.Head.Kind, Width = plan.Head.Width ?? EmbeddingHead.DefaultWidth },
            _ => new FittedTarget { Head = plan.Head.Kind, Separator = Separator },
        });
    }

    private void AddAll(Dictionary<string, long> counts, IEnumerable<string> labels)
    {
        foreach (var label in labels)
        {
            counts[label] = counts.GetValueOrDefault(label) + 1;
        }

        if (counts.Count > GreatestLabels)
        {
            throw new InvalidException($"Column '{plan.LabelName}' has more than {GreatestLabels} different values: it is no label. Name the label column as input.label.");
        }
    }
}
