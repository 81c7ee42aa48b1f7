using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace OrleansDL.Datasets.Manifests;

/// <summary>Reads, edits and compares manifests at a cost that follows what changed, not what is there.</summary>
/// <param name="read">Reads all bytes of a blob.</param>
/// <param name="write">Stores bytes under their SHA-256.</param>
internal sealed class ManifestStore(
    Func<BlobId, CancellationToken, Task<ReadOnlyMemory<byte>>> read,
    Func<ReadOnlyMemory<byte>, CancellationToken, Task<BlobId>> write)
{
    public async Task<ManifestRoot> ReadRootAsync(BlobId digest, CancellationToken cancellationToken = default) =>
        ManifestFormat.ReadRoot(await ReadAsync(digest, cancellationToken));

    /// <summary>The entries in order, from the first one after a path, or from the beginning.</summary>
    public async IAsyncEnumerable<DatasetEntry> EntriesAsync(
        ManifestRoot root, string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var node in root.Nodes)
        {
            if (after is not null && EntryPath.Compare(node.Last, after) <= 0)
            {
                continue;
            }

            foreach (var entry in await ReadNodeAsync(node, cancellationToken))
            {
                if (after is null || EntryPath.Compare(entry.Path, after) > 0)
                {
                    yield return entry;
                }
            }
        }
    }

    public async Task<DatasetEntry?> FindAsync(ManifestRoot root, string path, CancellationToken cancellationToken = default)
    {
        foreach (var node in root.Nodes)
        {
            if (EntryPath.Compare(path, node.Last) <= 0)
            {
                return EntryPath.Compare(path, node.First) < 0
                    ? null
                    : (await ReadNodeAsync(node, cancellationToken)).FirstOrDefault(entry => entry.Path == path);
            }
        }

        return null;
    }

    /// <summary>Adds entries to a manifest. Nodes no new path falls into are taken over unread.</summary>
    /// <exception cref="ConflictException">A path is there already with other bytes.</exception>
    public async Task<ManifestEdit> AddAsync(ManifestRoot parent, IEnumerable<DatasetEntry> entries, CancellationToken cancellationToken = default)
    {
        var additions = entries.ToList();
        additions.Sort((x, y) => EntryPath.Compare(x.Path, y.Path));
        var builder = new ManifestNodeBuilder();
        var nodes = new List<ManifestNode>();
        var added = new List<(DatasetEntry, long)>();
        var written = new List<BlobId>();
        var next = 0;
        long row = 0;

        for (var i = 0; i < parent.Nodes.Count; i++)
        {
            var node = parent.Nodes[i];
            var isLast = i == parent.Nodes.Count - 1;
            var touched = next < additions.Count && (isLast
                ? EntryPath.Compare(additions[next].Path, node.Last) <= 0 || !ManifestFormat.EndsNode(node.Count, node.Last)
                : EntryPath.Compare(additions[next].Path, node.Last) <= 0);
            if (builder.Count == 0 && !touched)
            {
                nodes.Add(node);
                row += node.Rows;
                continue;
            }

            foreach (var entry in await ReadNodeAsync(node, cancellationToken))
            {
                while (next < additions.Count && EntryPath.Compare(additions[next].Path, entry.Path) < 0)
                {
                    await AppendNewAsync(additions[next++]);
                }

                if (next < additions.Count && additions[next].Path == entry.Path)
                {
                    if (additions[next] != entry)
                    {
                        throw new ConflictException(
                            $"The dataset already has a file '{EntryPath.Shorten(entry.Path)}' with other bytes. Commit under another path, or with mode=replace.");
                    }

                    next++;
                }

                await AppendAsync(entry);
            }
        }

        while (next < additions.Count)
        {
            await AppendNewAsync(additions[next++]);
        }

        if (builder.Count > 0)
        {
            await EndNodeAsync();
        }

        var root = new ManifestRoot { Nodes = nodes };
        var digest = await write(ManifestFormat.WriteRoot(root), cancellationToken);
        written.Add(digest);
        return new ManifestEdit { Digest = digest, Root = root, Added = added, Written = written };

        async ValueTask AppendNewAsync(DatasetEntry entry)
        {
            added.Add((entry, row));
            await AppendAsync(entry);
        }

        async ValueTask AppendAsync(DatasetEntry entry)
        {
            row += entry.Rows;
            if (builder.Add(entry))
            {
                await EndNodeAsync();
            }
        }

        async Task EndNodeAsync()
        {
            var (bytes, node) = builder.Take();
            var nodeDigest = await write(bytes, cancellationToken);
            written.Add(nodeDigest);
            nodes.Add(node(nodeDigest));
        }
    }

    /// <summary>The entries that differ, in order of paths. Equal nodes are left out unread.</summary>
    public async IAsyncEnumerable<ManifestDifference> DiffAsync(
        ManifestRoot from, ManifestRoot to, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var old = new ManifestCursor(from, node => ReadNodeAsync(node, cancellationToken));
        var now = new ManifestCursor(to, node => ReadNodeAsync(node, cancellationToken));
        while (!old.AtEnd || !now.AtEnd)
        {
            if (old.NextNode is { } oldNode && now.NextNode is { } newNode && oldNode.Digest == newNode.Digest)
            {
                old.SkipNode();
                now.SkipNode();
                continue;
            }

            var (oldEntry, newEntry) = (await old.PeekAsync(), await now.PeekAsync());
            var order = oldEntry is null ? 1 : newEntry is null ? -1 : EntryPath.Compare(oldEntry.Path, newEntry.Path);
            if (order <= 0)
            {
                old.Advance();
            }

            if (order >= 0)
            {
                now.Advance();
            }

            if (order != 0 || oldEntry != newEntry)
            {
                yield return new ManifestDifference(order <= 0 ? oldEntry : null, order >= 0 ? newEntry : null);
            }
        }
    }

    private async Task<IReadOnlyList<DatasetEntry>> ReadNodeAsync(ManifestNode node, CancellationToken cancellationToken) =>
        [.. ManifestFormat.ReadEntries(await ReadAsync(node.Digest, cancellationToken))];

    private async Task<ReadOnlyMemory<byte>> ReadAsync(BlobId digest, CancellationToken cancellationToken)
    {
        var bytes = await read(digest, cancellationToken);
        if (BlobId.FromHash(SHA256.HashData(bytes.Span)) != digest)
        {
            throw new InvalidDataException($"Blob {digest}, part of a dataset's manifest, is damaged in the store. Restore it from a backup.");
        }

        return bytes;
    }
}
