using System.Runtime.InteropServices;
using OrleansDL.Targets;

namespace OrleansDL.Evaluation;

/// <summary>How well the steps of rows were told apart; padding does not count.</summary>
internal sealed class StepLabelsJudge(IReadOnlyList<string> labels, bool confuses) : Judge
{
    private readonly LabelJudge _steps = new(labels, confuses);
    private long _whole;

    /// <summary>Steps whose label the model does not know.</summary>
    public override long UnknownLabels => _steps.UnknownLabels;

    /// <summary>Mean cross entropy over the steps whose label the model knows.</summary>
    public override double? Loss => _steps.Loss;

    public override string Headline => "accuracy";

    public override double HeadlineValue => _steps.Accuracy;

    public override Confusion? Confusion => _steps.Confusion;

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        var actual = MemoryMarshal.Cast<byte, long>(target);
        var (before, judged) = (_steps.Correct, 0);
        Rows++;
        for (var step = 0; step < actual.Length; step++)
        {
            if (actual[step] != Target.Nothing)
            {
                _steps.Add(output.Slice(step * labels.Count, labels.Count), actual[step]);
                judged++;
            }
        }

        _whole += _steps.Correct - before == judged ? 1 : 0;
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        _steps.AddMetrics(metrics, prefix);
        metrics[$"{prefix}steps"] = _steps.Rows;
        metrics[$"{prefix}sequenceAccuracy"] = Rows == 0 ? 0 : (double)_whole / Rows;
    }

    public override void AddDetails(IDictionary<string, double> metrics, string prefix) => _steps.AddDetails(metrics, prefix);
}
