using System.Runtime.InteropServices;

namespace OrleansDL.Evaluation;

/// <summary>How well any number of labels per row were answered, each label above a threshold.</summary>
internal sealed class LabelsJudge(IReadOnlyList<string> labels, double threshold) : Judge
{
    private readonly LabelCounts _counts = new(labels.Count);
    private readonly Ranking _ranking = new(labels.Count);
    private readonly Calibration _calibration = new();
    private readonly float[] _probabilities = new float[labels.Count];
    private readonly bool[] _meant = new bool[labels.Count];
    private double _lossSum;
    private long _whole;
    private long _wrong;

    /// <summary>Mean binary cross entropy over rows and labels.</summary>
    public override double? Loss => Rows == 0 ? 0 : _lossSum / Rows / labels.Count;

    public override string Headline => "f1.micro";

    public override double HeadlineValue => _counts.MicroF1;

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        var meant = MemoryMarshal.Cast<byte, float>(target);
        var (wrong, square) = (0, 0.0);
        Rows++;
        for (var label = 0; label < labels.Count; label++)
        {
            _meant[label] = meant[label] > 0.5f;
            var probability = 1 / (1 + Math.Exp(-output[label]));
            var answered = probability >= threshold;
            // The logarithm of one plus the exponential, without overflow.
            _lossSum += Math.Max(output[label], 0) - (_meant[label] ? output[label] : 0) + Math.Log(1 + Math.Exp(-Math.Abs(output[label])));
            _counts.Add(label, answered, _meant[label]);
            _calibration.Add(probability, _meant[label]);
            _probabilities[label] = (float)probability;
            wrong += answered == _meant[label] ? 0 : 1;
            square += Math.Pow(probability - (_meant[label] ? 1 : 0), 2);
        }

        _wrong += wrong;
        _whole += wrong == 0 ? 1 : 0;
        _calibration.AddSquare(square / labels.Count);
        _ranking.Add(_probabilities, _meant);
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        _counts.AddMeans(metrics, prefix);
        _ranking.AddMetrics(metrics, prefix);
        _calibration.AddMetrics(metrics, prefix);
        metrics[$"{prefix}subsetAccuracy"] = Rows == 0 ? 0 : (double)_whole / Rows;
        metrics[$"{prefix}hammingLoss"] = Rows == 0 ? 0 : (double)_wrong / Rows / labels.Count;
    }

    public override void AddDetails(IDictionary<string, double> metrics, string prefix) => _counts.AddEach(metrics, prefix, labels);
}
