using System.Runtime.InteropServices;

namespace OrleansDL.Datasets.Selection;

/// <summary>Counts labels, until there are too many for the column to be a label. Where values are lists each of their labels counts.</summary>
/// <param name="commits">How many commits the rows come from.</param>
/// <param name="column">What the labels are values of; null counts nothing.</param>
internal sealed class LabelTally(int commits, Column? column)
{
    public const int None = -1;

    private readonly Dictionary<string, int> _values = new(StringComparer.Ordinal);
    private readonly List<int[]> _labelsOf = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _labels = [];
    private readonly List<long> _taken = [];
    private readonly HashSet<string>[] _ofCommits = [.. Enumerable.Range(0, commits).Select(_ => new HashSet<string>(StringComparer.Ordinal))];

    /// <summary>Whether labels are still counted.</summary>
    public bool Wanted { get; private set; } = column is not null;

    public IReadOnlyDictionary<string, long>? Counts => Wanted
        ? _labels.Index().Where(label => _taken[label.Index] > 0).ToDictionary(label => label.Item, label => _taken[label.Index], StringComparer.Ordinal)
        : null;

    public IReadOnlyList<IReadOnlySet<string>>? OfCommits => Wanted ? _ofCommits : null;

    /// <summary>A row of a commit passed the conditions.</summary>
    /// <returns>The value's number here.</returns>
    public int Seen(int commit, string? value)
    {
        if (!Wanted || value is null)
        {
            return None;
        }

        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_values, value, out var known);
        if (!known)
        {
            number = _labelsOf.Count;
            _labelsOf.Add([.. LabelText.Of(column!, value).Select(NumberOf)]);
            if (_labels.Count > DatasetLabels.MaximumLabels)
            {
                Wanted = false;
                return None;
            }
        }

        foreach (var label in _labelsOf[number])
        {
            _ofCommits[commit].Add(_labels[label]);
        }

        return number;
    }

    /// <summary>A row was taken.</summary>
    public void Taken(int value)
    {
        if (value != None)
        {
            foreach (var label in _labelsOf[value])
            {
                _taken[label]++;
            }
        }
    }

    private int NumberOf(string label)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, label, out var known);
        if (!known)
        {
            number = _labels.Count;
            _labels.Add(label);
            _taken.Add(0);
        }

        return number;
    }
}
