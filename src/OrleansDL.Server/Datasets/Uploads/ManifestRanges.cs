using System.Runtime.CompilerServices;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Walks beside a manifest at the cost of the nodes that are met.</summary>
internal static class ManifestRanges
{
    /// <summary>The entries of a range of paths, in order.</summary>
    public static async IAsyncEnumerable<DatasetEntry> RangeAsync(
        ManifestStore manifests, ManifestRoot root, string? after, string? through, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var entry in manifests.EntriesAsync(root, after, cancellationToken))
        {
            if (through is not null && EntryPath.Compare(entry.Path, through) > 0)
            {
                yield break;
            }

            yield return entry;
        }
    }

    /// <summary>The entries that stand at some paths.</summary>
    /// <param name="manifests">Reads nodes.</param>
    /// <param name="root">The manifest.</param>
    /// <param name="paths">Ascending.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<Dictionary<string, DatasetEntry>> FindAsync(
        ManifestStore manifests, ManifestRoot root, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var met = new List<ManifestNode>();
        var next = 0;
        foreach (var node in root.Nodes)
        {
            while (next < paths.Count && EntryPath.Compare(paths[next], node.First) < 0)
            {
                next++;
            }

            if (next < paths.Count && EntryPath.Compare(paths[next], node.Last) <= 0)
            {
                met.Add(node);
            }
        }

        var wanted = paths.ToHashSet(StringComparer.Ordinal);
        var found = new Dictionary<string, DatasetEntry>(StringComparer.Ordinal);
        await foreach (var entry in manifests.EntriesAsync(new ManifestRoot { Nodes = met }, cancellationToken: cancellationToken))
        {
            if (wanted.Contains(entry.Path))
            {
                found.Add(entry.Path, entry);
            }
        }

        return found;
    }
}
