namespace OrleansDL.Evaluation;

/// <summary>For each label how often it was right, answered and meant, and what follows from that.</summary>
internal sealed class LabelCounts(int labels)
{
    private readonly long[] _right = new long[labels];
    private readonly long[] _answered = new long[labels];
    private readonly long[] _meant = new long[labels];

    public void Add(int label, bool answered, bool meant)
    {
        _right[label] += answered && meant ? 1 : 0;
        _answered[label] += answered ? 1 : 0;
        _meant[label] += meant ? 1 : 0;
    }

    public double Precision(int label) => Share(_right[label], _answered[label]);

    public double Recall(int label) => Share(_right[label], _meant[label]);

    public double F1(int label) => Share(2 * _right[label], _answered[label] + _meant[label]);

    /// <summary>Rows that have the label.</summary>
    public long Support(int label) => _meant[label];

    public double MicroPrecision => Share(_right.Sum(), _answered.Sum());

    public double MicroRecall => Share(_right.Sum(), _meant.Sum());

    public double MicroF1 => Share(2 * _right.Sum(), _answered.Sum() + _meant.Sum());

    /// <summary>Mean over the labels that rows have.</summary>
    public double Macro(Func<int, double> measure)
    {
        var seen = Seen();
        return seen.Count == 0 ? 0 : seen.Average(measure);
    }

    /// <summary>Mean by how many rows have the label.</summary>
    public double Weighted(Func<int, double> measure)
    {
        var rows = _meant.Sum();
        return rows == 0 ? 0 : Seen().Sum(label => measure(label) * _meant[label]) / rows;
    }

    /// <summary>Adds macro, micro and weighted precision, recall and F1.</summary>
    public void AddMeans(IDictionary<string, double> metrics, string prefix)
    {
        foreach (var (name, measure, micro) in new (string, Func<int, double>, double)[]
            { ("precision", Precision, MicroPrecision), ("recall", Recall, MicroRecall), ("f1", F1, MicroF1) })
        {
            metrics[$"{prefix}{name}.macro"] = Macro(measure);
            metrics[$"{prefix}{name}.micro"] = micro;
            metrics[$"{prefix}{name}.weighted"] = Weighted(measure);
        }
    }

    /// <summary>Adds precision, recall and F1 of each label that rows have, while they are few enough to be read.</summary>
    public void AddEach(IDictionary<string, double> metrics, string prefix, IReadOnlyList<string> names)
    {
        const int GreatestTold = 100;
        foreach (var label in names.Count > GreatestTold ? [] : Seen())
        {
            metrics[$"{prefix}precision.{names[label]}"] = Precision(label);
            metrics[$"{prefix}recall.{names[label]}"] = Recall(label);
            metrics[$"{prefix}f1.{names[label]}"] = F1(label);
        }
    }

    private List<int> Seen() => [.. Enumerable.Range(0, labels).Where(label => _meant[label] > 0)];

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}
