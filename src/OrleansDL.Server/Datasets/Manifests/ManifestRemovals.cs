using System.Text;

namespace OrleansDL.Datasets.Manifests;

/// <summary>Paths to take out of a manifest, as ranges of keys in order: <c>a/b.csv</c> is one file, <c>a/</c> is all that lies below.</summary>
internal sealed class ManifestRemovals
{
    private readonly List<(string Path, string To, byte[] FromBytes, byte[] ToBytes)> _ranges = [];
    private readonly HashSet<string> _unmatched = new(StringComparer.Ordinal);
    private int _next;

    public ManifestRemovals(IEnumerable<string> removed)
    {
        foreach (var path in removed.Distinct(StringComparer.Ordinal).Order(EntryPath.Order))
        {
            // '0' follows '/': what is between "a/" and "a0" lies below "a".
            var to = path.EndsWith('/') ? path[..^1] + '0' : path + '\0';
            if (_ranges.Count > 0 && EntryPath.Compare(path, _ranges[^1].To) < 0)
            {
                continue;
            }

            _ranges.Add((path, to, Encoding.UTF8.GetBytes(path), Encoding.UTF8.GetBytes(to)));
            _unmatched.Add(path);
        }
    }

    /// <summary>What was to be removed and was not there.</summary>
    public IReadOnlyCollection<string> Unmatched => _unmatched;

    /// <summary>Whether a node may hold something to remove. Asked in order of nodes.</summary>
    public bool Touches(ManifestNode node)
    {
        while (_next < _ranges.Count && EntryPath.Compare(_ranges[_next].To, node.First) <= 0)
        {
            _next++;
        }

        return _next < _ranges.Count && EntryPath.Compare(_ranges[_next].Path, node.Last) <= 0;
    }

    /// <summary>Whether a path is to be removed. Asked in order of paths.</summary>
    public bool Take(ManifestLine line)
    {
        while (_next < _ranges.Count && line.CompareTo(_ranges[_next].ToBytes) >= 0)
        {
            _next++;
        }

        if (_next == _ranges.Count || line.CompareTo(_ranges[_next].FromBytes) < 0)
        {
            return false;
        }

        _unmatched.Remove(_ranges[_next].Path);
        return true;
    }
}
