namespace OrleansDL.Training;

/// <summary>How well rows were told apart: counts per label, and what follows from them.</summary>
public sealed class Judgement(int labels)
{
    private readonly long[] _right = new long[labels];
    private readonly long[] _predicted = new long[labels];
    private readonly long[] _actual = new long[labels];
    private double _lossSum;
    private long _known;

    public long Rows { get; private set; }

    public long Correct { get; private set; }

    /// <summary>Rows whose label the model does not know; they count as wrong.</summary>
    public long UnknownLabels => Rows - _known;

    public double Accuracy => Rows == 0 ? 0 : (double)Correct / Rows;

    /// <summary>Mean cross entropy over the rows whose label the model knows.</summary>
    public double Loss => _known == 0 ? 0 : _lossSum / _known;

    /// <summary>Mean F1 over the labels that rows have.</summary>
    public double MacroF1
    {
        get
        {
            var seen = Enumerable.Range(0, labels).Where(label => _actual[label] > 0).ToList();
            return seen.Count == 0 ? 0 : seen.Average(F1);
        }
    }

    /// <param name="actual">Number of the row's label; negative when the model does not know it.</param>
    /// <param name="predicted">Number of the label the model gave.</param>
    /// <param name="loss">Cross entropy of the row; ignored for unknown labels.</param>
    public void Add(long actual, long predicted, double loss)
    {
        Rows++;
        _predicted[predicted]++;
        if (actual < 0)
        {
            return;
        }

        _known++;
        _lossSum += loss;
        _actual[actual]++;
        if (actual == predicted)
        {
            _right[actual]++;
            Correct++;
        }
    }

    public double Precision(int label) => _predicted[label] == 0 ? 0 : (double)_right[label] / _predicted[label];

    public double Recall(int label) => _actual[label] == 0 ? 0 : (double)_right[label] / _actual[label];

    public double F1(int label) =>
        _predicted[label] + _actual[label] == 0 ? 0 : 2.0 * _right[label] / (_predicted[label] + _actual[label]);

    public long Support(int label) => _actual[label];

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
