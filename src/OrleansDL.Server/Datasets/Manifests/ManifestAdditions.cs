using System.Text;

namespace OrleansDL.Datasets.Manifests;

/// <summary>Entries to add, in manifest order, each path once.</summary>
internal static class ManifestAdditions
{
    /// <exception cref="InvalidException">Two entries have one path and differ.</exception>
    public static List<(byte[] Path, DatasetEntry Entry)> Sort(IEnumerable<DatasetEntry> entries)
    {
        var sorted = entries.Select(entry => (Path: Encoding.UTF8.GetBytes(entry.Path), Entry: entry)).ToList();
        sorted.Sort((x, y) => x.Path.AsSpan().SequenceCompareTo(y.Path));
        var kept = 0;
        for (var i = 0; i < sorted.Count; i++)
        {
            if (kept == 0 || !sorted[kept - 1].Path.AsSpan().SequenceEqual(sorted[i].Path))
            {
                sorted[kept++] = sorted[i];
            }
            else if (sorted[kept - 1].Entry != sorted[i].Entry)
            {
                throw new InvalidException($"The commit holds '{EntryPath.Shorten(sorted[i].Entry.Path)}' twice, with different bytes. Send each path once.");
            }
        }

        sorted.RemoveRange(kept, sorted.Count - kept);
        return sorted;
    }
}
