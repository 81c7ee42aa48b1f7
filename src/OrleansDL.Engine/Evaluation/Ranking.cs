namespace OrleansDL.Evaluation;

/// <summary>How well scores put what is meant before what is not, label by label: exact, by sorting all scores. Equal scores count half.</summary>
internal sealed class Ranking(int labels)
{
    /// <summary>Beyond this many scores they are no longer kept, and nothing is said.</summary>
    private const long GreatestKept = 1 << 24;

    private readonly List<float> _scores = [];
    private readonly List<bool> _meant = [];
    private bool _isOver;

    public void Add(ReadOnlySpan<float> scores, ReadOnlySpan<bool> meant)
    {
        if (_isOver || (_isOver = _scores.Count + labels > GreatestKept))
        {
            _scores.Clear();
            _meant.Clear();
            return;
        }

        _scores.AddRange(scores);
        _meant.AddRange(meant);
    }

    /// <summary>Adds <c>auc</c> (area under the ROC curve) and <c>averagePrecision</c>, the means over the labels that some rows have and some lack.</summary>
    public void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        var measured = Measured().ToList();
        if (measured.Count > 0)
        {
            metrics[$"{prefix}auc"] = measured.Average(label => label.Area);
            metrics[$"{prefix}averagePrecision"] = measured.Average(label => label.Precision);
        }
    }

    private IEnumerable<(double Area, double Precision)> Measured()
    {
        var rows = labels == 0 ? 0 : _scores.Count / labels;
        var (scores, meant) = (new float[rows], new bool[rows]);
        for (var label = 0; label < labels; label++)
        {
            var positives = 0;
            for (var row = 0; row < rows; row++)
            {
                // Negated, so that the best come first.
                scores[row] = -_scores[(row * labels) + label];
                meant[row] = _meant[(row * labels) + label];
                positives += meant[row] ? 1 : 0;
            }

            if (positives > 0 && positives < rows)
            {
                Array.Sort(scores, meant);
                yield return Measure(scores, meant, positives);
            }
        }
    }

    /// <summary>Area under the ROC curve, and the sum of precisions by the recall each step of the score adds.</summary>
    internal static (double Area, double Precision) Measure(float[] sorted, bool[] meant, long positives)
    {
        var (negatives, area, precision) = (sorted.Length - positives, 0.0, 0.0);
        long right = 0, wrong = 0;
        for (var at = 0; at < sorted.Length;)
        {
            long rightHere = 0, here = 0;

            // Equals, not ==: a score that is no number is equal to itself here, so that the loop moves on.
            for (var first = sorted[at]; at < sorted.Length && sorted[at].Equals(first); at++, here++)
            {
                rightHere += meant[at] ? 1 : 0;
            }

            var wrongHere = here - rightHere;
            area += wrongHere * (right + (rightHere / 2.0));
            (right, wrong) = (right + rightHere, wrong + wrongHere);
            precision += (double)rightHere / positives * right / (right + wrong);
        }

        return (area / positives / negatives, precision);
    }
}
