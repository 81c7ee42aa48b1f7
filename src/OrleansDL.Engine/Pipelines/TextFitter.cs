using System.Runtime.InteropServices;
using OrleansDL.Data;

namespace OrleansDL.Pipelines;

internal sealed class TextFitter(InputPlan plan) : PipelineFitter
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    public override void Add(Row row)
    {
        var counts = _counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var word in new Words(row.Text(plan.Columns[0]) ?? ""))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
        }
    }

    public override Pipeline Fit(IReadOnlyList<string> labels) => new TextPipeline
    {
        LabelColumn = plan.LabelName,
        Labels = labels,
        Column = plan.Schema[plan.Columns[0]].Name,
        MaxTokens = plan.Spec.MaxTokens ?? InputPlan.DefaultMaxTokens,
        Vocabulary = [.. _counts
            .OrderByDescending(word => word.Value)
            .ThenBy(word => word.Key, StringComparer.Ordinal)
            .Take((plan.Spec.Vocabulary ?? InputPlan.DefaultVocabulary) - TextPipeline.FirstWord)
            .Select(word => word.Key)],
    };
}
