namespace OrleansDL.Evaluation;

/// <summary>Whether probabilities are what they say: the expected calibration error over 15 bins of equal width, and the Brier score.</summary>
internal sealed class Calibration
{
    private const int Bins = 15;

    private readonly long[] _counts = new long[Bins];
    private readonly double[] _probabilities = new double[Bins];
    private readonly long[] _right = new long[Bins];
    private double _squares;
    private long _rows;

    /// <param name="probability">What was said, 0 to 1.</param>
    /// <param name="right">Whether it was so.</param>
    public void Add(double probability, bool right)
    {
        var bin = Math.Clamp((int)(probability * Bins), 0, Bins - 1);
        _counts[bin]++;
        _probabilities[bin] += probability;
        _right[bin] += right ? 1 : 0;
    }

    /// <param name="square">Sum of squared differences of a row's probabilities from 0 and 1.</param>
    public void AddSquare(double square)
    {
        _squares += square;
        _rows++;
    }

    public void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        var all = _counts.Sum();
        if (all > 0)
        {
            metrics[$"{prefix}ece"] = Enumerable.Range(0, Bins).Sum(bin => Math.Abs(_right[bin] - _probabilities[bin])) / all;
            metrics[$"{prefix}brier"] = _squares / _rows;
        }
    }
}
