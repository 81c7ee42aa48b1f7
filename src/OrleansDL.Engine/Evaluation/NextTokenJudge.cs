using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OrleansDL.Pipelines.Tokens;

namespace OrleansDL.Evaluation;

/// <summary>How well the token after each one was foretold; padding does not count.</summary>
internal sealed class NextTokenJudge(int vocabulary) : Judge
{
    private double _lossSum;
    private long _tokens;
    private long _right;

    /// <summary>Mean cross entropy over the tokens.</summary>
    public override double? Loss => _tokens == 0 ? 0 : _lossSum / _tokens;

    public override string Headline => "perplexity";

    /// <summary>Between how many tokens, as it were, the model was still undecided.</summary>
    public override double HeadlineValue => Math.Exp(Loss!.Value);

    public override double Score => -Loss!.Value;

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        var tokens = MemoryMarshal.Cast<byte, long>(input);
        Rows++;
        for (var at = 0; at + 1 < tokens.Length && tokens[at + 1] != Tokenizer.Padding; at++)
        {
            var logits = output.Slice(at * vocabulary, vocabulary);
            _lossSum += Softmax.CrossEntropy(logits, (int)tokens[at + 1]);
            _right += TensorPrimitives.IndexOfMax(logits) == tokens[at + 1] ? 1 : 0;
            _tokens++;
        }
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        metrics[$"{prefix}perplexity"] = HeadlineValue;
        metrics[$"{prefix}accuracy"] = _tokens == 0 ? 0 : (double)_right / _tokens;
        metrics[$"{prefix}tokens"] = _tokens;
    }
}
