using System.Text;

namespace OrleansDL.Datasets.Manifests;

/// <summary>A version's files are laid out as files again: no path can be both a file and a folder.</summary>
/// <remarks>Look-ups go in order of paths, so each node they fall into is read once.</remarks>
internal sealed class ManifestFolders(ManifestStore manifests, ManifestRoot root)
{
    private ManifestNode? _node;
    private ManifestLine[] _lines = [];

    /// <param name="added">Paths that come in.</param>
    /// <param name="removed">What goes: <c>folder/</c> is all below it.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    /// <exception cref="ConflictException">A file would become a folder, or a folder a file.</exception>
    public async Task CheckAsync(IReadOnlyCollection<string> added, IEnumerable<string> removed, CancellationToken cancellationToken)
    {
        var files = added.ToHashSet(StringComparer.Ordinal);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in files)
        {
            foreach (var folder in Above(path).TakeWhile(folders.Add))
            {
                if (files.Contains(folder))
                {
                    throw new ConflictException($"The commit holds '{EntryPath.Shorten(folder)}' both as a file and as a folder. Rename one.");
                }
            }
        }

        if (root.Nodes.Count == 0)
        {
            return;
        }

        var gone = removed.ToHashSet(StringComparer.Ordinal);
        foreach (var key in folders.Concat(files.Select(path => path + '/')).Order(EntryPath.Order))
        {
            var found = await FirstFromAsync(key, path => IsGone(path, gone), cancellationToken);
            if (found is not null && !key.EndsWith('/') && found == key)
            {
                throw new ConflictException($"'{EntryPath.Shorten(key)}' is a file of the dataset and cannot become a folder. Commit under another path.");
            }

            if (found is not null && key.EndsWith('/') && found.StartsWith(key, StringComparison.Ordinal))
            {
                throw new ConflictException($"'{EntryPath.Shorten(key[..^1])}' is a folder of the dataset and cannot become a file. Commit under another path.");
            }
        }
    }

    // The first path that stays, from a key on; where it is of no interest any more, any path that does not begin with the key.
    private async Task<string?> FirstFromAsync(string key, Func<string, bool> gone, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        for (var i = root.IndexOf(key); i < root.Nodes.Count; i++)
        {
            if (EntryPath.Compare(key, root.Nodes[i].First) <= 0 && !root.Nodes[i].First.StartsWith(key, StringComparison.Ordinal))
            {
                return null;
            }

            if (_node != root.Nodes[i])
            {
                (_node, _lines) = (root.Nodes[i], await manifests.ReadLinesAsync(root.Nodes[i], cancellationToken));
            }

            for (var line = IndexOf(bytes); line < _lines.Length; line++)
            {
                var path = Encoding.UTF8.GetString(_lines[line].Path.Span);
                if (!path.StartsWith(key, StringComparison.Ordinal))
                {
                    return null;
                }

                if (!gone(path))
                {
                    return path;
                }
            }
        }

        return null;
    }

    private int IndexOf(byte[] key)
    {
        var (low, high) = (0, _lines.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _lines[middle].CompareTo(key) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static bool IsGone(string path, HashSet<string> removed) =>
        removed.Count > 0 && (removed.Contains(path) || Above(path).Any(folder => removed.Contains(folder + '/')));

    /// <summary>The folders a path lies in, nearest first.</summary>
    private static IEnumerable<string> Above(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            yield return path[..slash];
        }
    }
}
