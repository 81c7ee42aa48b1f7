using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OrleansDL.Evaluation;

/// <summary>How well rows were told apart: counts per label, and what follows from them.</summary>
internal sealed class LabelJudge(IReadOnlyList<string> labels, bool confuses = true) : Judge
{
    /// <summary>Labels whose confusions are metrics too.</summary>
    private const int GreatestTold = 4;

    /// <summary>With more labels than these it is also told whether the right one was among so many.</summary>
    private const int Top = 5;

    private readonly LabelCounts _counts = new(labels.Count);
    private readonly Ranking _ranking = new(labels.Count);
    private readonly Calibration _calibration = new();
    private readonly long[]? _confusion = confuses && labels.Count <= Confusion.GreatestLabels ? new long[labels.Count * labels.Count] : null;
    private readonly float[] _probabilities = new float[labels.Count];
    private readonly bool[] _meant = new bool[labels.Count];
    private double _lossSum;
    private long _known;
    private long _amongTop;

    public long Correct { get; private set; }

    public override long UnknownLabels => Rows - _known;

    public double Accuracy => Rows == 0 ? 0 : (double)Correct / Rows;

    /// <summary>Mean cross entropy over the rows whose label the model knows.</summary>
    public override double? Loss => _known == 0 ? 0 : _lossSum / _known;

    public override string Headline => "accuracy";

    public override double HeadlineValue => Accuracy;

    public override Confusion? Confusion => _confusion is null ? null : new Confusion
    {
        Labels = labels,
        Rows = [.. labels.Select((_, actual) => _confusion[(actual * labels.Count)..((actual + 1) * labels.Count)])],
    };

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input) =>
        Add(output, MemoryMarshal.Read<long>(target));

    /// <param name="logits">Of each label.</param>
    /// <param name="actual">Number of the row's label; negative when the model does not know it.</param>
    public void Add(ReadOnlySpan<float> logits, long actual)
    {
        var predicted = TensorPrimitives.IndexOfMax(logits);
        Rows++;
        if (actual < 0)
        {
            _counts.Add(predicted, answered: true, meant: false);
            return;
        }

        _known++;
        var sum = Softmax.LogSum(logits);
        _lossSum += sum - logits[(int)actual];
        _counts.Add(predicted, answered: true, meant: actual == predicted);
        if (actual != predicted)
        {
            _counts.Add((int)actual, answered: false, meant: true);
        }

        Correct += actual == predicted ? 1 : 0;
        if (_confusion is not null)
        {
            _confusion[(actual * labels.Count) + predicted]++;
        }

        AddProbabilities(logits, sum, (int)actual, predicted);
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        metrics[$"{prefix}accuracy"] = Accuracy;
        metrics[$"{prefix}unknownLabels"] = UnknownLabels;
        _counts.AddMeans(metrics, prefix);
        _ranking.AddMetrics(metrics, prefix);
        _calibration.AddMetrics(metrics, prefix);
        if (labels.Count > Top)
        {
            metrics[$"{prefix}top{Top}Accuracy"] = Rows == 0 ? 0 : (double)_amongTop / Rows;
        }
    }

    public override void AddDetails(IDictionary<string, double> metrics, string prefix)
    {
        _counts.AddEach(metrics, prefix, labels);
        if (labels.Count <= GreatestTold && _confusion is not null)
        {
            foreach (var (actual, name) in labels.Index())
            {
                foreach (var (predicted, answered) in labels.Index())
                {
                    metrics[$"{prefix}confusion.{name}.{answered}"] = _confusion[(actual * labels.Count) + predicted];
                }
            }
        }
    }

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

    private void AddProbabilities(ReadOnlySpan<float> logits, double sum, int actual, int predicted)
    {
        double square = 0;
        var greater = 0;
        for (var label = 0; label < logits.Length; label++)
        {
            var probability = Math.Exp(logits[label] - sum);
            _probabilities[label] = (float)probability;
            _meant[label] = label == actual;
            var missed = probability - (label == actual ? 1 : 0);
            square += missed * missed;
            greater += logits[label] > logits[actual] ? 1 : 0;
        }

        _amongTop += greater < Top ? 1 : 0;
        _ranking.Add(_probabilities, _meant);
        _calibration.Add(Math.Exp(logits[predicted] - sum), actual == predicted);
        _calibration.AddSquare(square);
    }
}
