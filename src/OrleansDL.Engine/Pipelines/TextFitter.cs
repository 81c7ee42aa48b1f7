using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Heads;
using OrleansDL.Pipelines.Tokens;

namespace OrleansDL.Pipelines;

internal sealed class TextFitter(InputPlan plan) : PipelineFitter
{
    private const int DefaultPairs = 4096;

    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly PairLearner _pairs = new();

    public override void Add(Row row)
    {
        var text = row.Text(plan.Columns[0]) ?? "";
        switch (plan.Tokenizer)
        {
            case Tokenizer.Pairs:
                _pairs.Add(text);
                break;
            case Tokenizer.Split:
                foreach (var word in new SpacedWords(text))
                {
                    Count(word);
                }

                break;
            case Tokenizer.Words:
                foreach (var word in new Words(text))
                {
                    Count(word);
                }

                break;
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
        Tokenizer = plan.Tokenizer is Tokenizer.Words ? null : plan.Tokenizer,
        Merges = plan.Tokenizer is Tokenizer.Pairs ? _pairs.Learn(plan.Spec.Vocabulary ?? DefaultPairs) : null,
        Ends = plan.Head.Kind is HeadNames.NextToken && plan.Tokenizer is (Tokenizer.Bytes or Tokenizer.Pairs) ? true : null,
    };

    private void Count(ReadOnlySpan<char> word) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_counts.GetAlternateLookup<ReadOnlySpan<char>>(), word, out _)++;
}
