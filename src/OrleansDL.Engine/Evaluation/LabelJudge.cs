using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OrleansDL.Evaluation;

/// <summary>How well rows were told apart: counts per label, and what follows from them.</summary>
internal sealed class LabelJudge(IReadOnlyList<string> labels) : Judge
{
    /// <summary>Labels whose own precision, recall and F1 are still told.</summary>
    private const int GreatestTold = 100;

    private readonly long[] _right = new long[labels.Count];
    private readonly long[] _predicted = new long[labels.Count];
    private readonly long[] _actual = new long[labels.Count];
    private double _lossSum;
    private long _known;

    public long Correct { get; private set; }

    public override long UnknownLabels => Rows - _known;

    public double Accuracy => Rows == 0 ? 0 : (double)Correct / Rows;

    /// <summary>Mean cross entropy over the rows whose label the model knows.</summary>
    public override double? Loss => _known == 0 ? 0 : _lossSum / _known;

    public override string Headline => "accuracy";

    public override double HeadlineValue => Accuracy;

    /// <summary>Mean F1 over the labels that rows have.</summary>
    public double MacroF1
    {
        get
        {
            var seen = Enumerable.Range(0, labels.Count).Where(label => _actual[label] > 0).ToList();
            return seen.Count == 0 ? 0 : seen.Average(F1);
        }
    }

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        var actual = MemoryMarshal.Read<long>(target);
        var predicted = TensorPrimitives.IndexOfMax(output);
        Rows++;
        _predicted[predicted]++;
        if (actual < 0)
        {
            return;
        }

        _known++;
        _lossSum += Softmax.CrossEntropy(output, (int)actual);
        _actual[actual]++;
        if (actual == predicted)
        {
            _right[actual]++;
            Correct++;
        }
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        metrics[$"{prefix}accuracy"] = Accuracy;
        metrics[$"{prefix}unknownLabels"] = UnknownLabels;
        metrics[$"{prefix}f1.macro"] = MacroF1;
        if (labels.Count > GreatestTold)
        {
            return;
        }

        foreach (var (number, label) in labels.Index())
        {
            if (_actual[number] > 0)
            {
                metrics[$"{prefix}precision.{label}"] = Precision(number);
                metrics[$"{prefix}recall.{label}"] = Recall(number);
                metrics[$"{prefix}f1.{label}"] = F1(number);
            }
        }
    }

    public double Precision(int label) => _predicted[label] == 0 ? 0 : (double)_right[label] / _predicted[label];

    public double Recall(int label) => _actual[label] == 0 ? 0 : (double)_right[label] / _actual[label];

    public double F1(int label) =>
        _predicted[label] + _actual[label] == 0 ? 0 : 2.0 * _right[label] / (_predicted[label] + _actual[label]);

    /// <summary>Wilson's 95% interval of the accuracy.</summary>
    public (double Low, double High) Interval()
    {
        if (Rows == 0)
        {
            return (0, 1);
        }

        const double Z = 1.959963984540054;
        var share = Accuracy;
        var denominator = 1 + (Z * Z / Rows);
        var middle = share + (Z * Z / (2 * Rows));
        var half = Z * Math.Sqrt((share * (1 - share) / Rows) + (Z * Z / (4.0 * Rows * Rows)));
        return (Math.Max(0, (middle - half) / denominator), Math.Min(1, (middle + half) / denominator));
    }
}
