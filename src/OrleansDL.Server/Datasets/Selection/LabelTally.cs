using System.Runtime.InteropServices;

namespace OrleansDL.Datasets.Selection;

/// <summary>Counts labels, until there are too many for the column to be a label.</summary>
internal sealed class LabelTally(int commits, bool wanted)
{
    public const int None = -1;

    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _labels = [];
    private readonly List<long> _taken = [];
    private readonly HashSet<string>[] _ofCommits = [.. Enumerable.Range(0, commits).Select(_ => new HashSet<string>(StringComparer.Ordinal))];

    /// <summary>Whether labels are still counted.</summary>
    public bool Wanted { get; private set; } = wanted;

    public IReadOnlyDictionary<string, long>? Counts => Wanted
        ? _labels.Index().Where(label => _taken[label.Index] > 0).ToDictionary(label => label.Item, label => _taken[label.Index], StringComparer.Ordinal)
        : null;

    public IReadOnlyList<IReadOnlySet<string>>? OfCommits => Wanted ? _ofCommits : null;

    /// <summary>A row of a commit passed the conditions.</summary>
    /// <returns>The label's number here.</returns>
    public int Seen(int commit, string? label)
    {
        if (!Wanted || label is null)
        {
            return None;
        }

        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, label, out var known);
        if (!known)
        {
            if (_labels.Count == DatasetLabels.MaximumLabels)
            {
                Wanted = false;
                return None;
            }

            number = _labels.Count;
            _labels.Add(label);
            _taken.Add(0);
        }

        _ofCommits[commit].Add(label);
        return number;
    }

    /// <summary>A row was taken.</summary>
    public void Taken(int label)
    {
        if (label != None)
        {
            _taken[label]++;
        }
    }
}
