using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace OrleansDL.Datasets.Manifests;

/// <summary>Reads, edits and compares manifests at a cost that follows what changed, not what is there.</summary>
/// <param name="read">Reads all bytes of a blob.</param>
/// <param name="write">Stores bytes under their SHA-256.</param>
/// <param name="verified">Whether what <paramref name="read"/> answers is checked against its digest already.</param>
internal sealed class ManifestStore(
    Func<BlobId, CancellationToken, Task<ReadOnlyMemory<byte>>> read,
    Func<ReadOnlyMemory<byte>, CancellationToken, Task<BlobId>> write,
    bool verified = false)
{
    public async Task<ManifestRoot> ReadRootAsync(BlobId digest, CancellationToken cancellationToken = default) =>
        ManifestFormat.ReadRoot(await ReadAsync(digest, cancellationToken));

    /// <summary>The entries of one node, in order.</summary>
    public async Task<IReadOnlyList<DatasetEntry>> ReadNodeAsync(ManifestNode node, CancellationToken cancellationToken = default) =>
        [.. ManifestFormat.ReadEntries(await ReadAsync(node.Digest, cancellationToken))];

    /// <summary>The entries in order, from the first one after a path, or from the beginning.</summary>
    public async IAsyncEnumerable<DatasetEntry> EntriesAsync(
        ManifestRoot root, string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var start = after is null ? [] : Encoding.UTF8.GetBytes(after);
        for (var i = after is null ? 0 : root.IndexOf(after); i < root.Nodes.Count; i++)
        {
            foreach (var line in await ReadLinesAsync(root.Nodes[i], cancellationToken))
            {
                if (line.CompareTo(start) > 0)
                {
                    yield return line.Entry;
                }
            }
        }
    }

    public async Task<DatasetEntry?> FindAsync(ManifestRoot root, string path, CancellationToken cancellationToken = default)
    {
        var at = root.IndexOf(path);
        if (at == root.Nodes.Count || EntryPath.Compare(path, root.Nodes[at].First) < 0)
        {
            return null;
        }

        var key = Encoding.UTF8.GetBytes(path);
        foreach (var line in await ReadLinesAsync(root.Nodes[at], cancellationToken))
        {
            if (line.CompareTo(key) == 0)
            {
                return line.Entry;
            }
        }

        return null;
    }

    /// <summary>Adds entries to a manifest. Nodes no new path falls into are taken over unread.</summary>
    /// <exception cref="ConflictException">A path is there already with other bytes.</exception>
    public Task<ManifestEdit> AddAsync(ManifestRoot parent, IEnumerable<DatasetEntry> entries, CancellationToken cancellationToken = default) =>
        EditAsync(parent, entries, [], cancellationToken: cancellationToken);

    /// <summary>Removes paths (<c>folder/</c>: all below it) and adds entries, in one pass; a path in both is replaced. The result is what building it anew would give.
    /// Nodes that nothing falls into are taken over unread.</summary>
    /// <param name="parent">The manifest to edit.</param>
    /// <param name="added">Entries to be there afterwards, in any order.</param>
    /// <param name="removed">Paths that shall be gone, or may be replaced.</param>
    /// <param name="writer">Stores the new nodes and the root; null stores each blob by itself.</param>
    /// <param name="cancellationToken">Stops the edit.</param>
    /// <exception cref="ConflictException">A path that is not removed is there already with other bytes.</exception>
    /// <exception cref="NotFoundException">A path to remove is not there.</exception>
    public async Task<ManifestEdit> EditAsync(
        ManifestRoot parent, IEnumerable<DatasetEntry> added, IEnumerable<string> removed,
        Func<ReadOnlyMemory<byte>, CancellationToken, Task<BlobId>>? writer = null, CancellationToken cancellationToken = default)
    {
        var (additions, removals) = (ManifestAdditions.Sort(added), new ManifestRemovals(removed));
        var builder = new ManifestNodeBuilder();
        var nodes = new List<ManifestNode>();
        var changes = new List<ManifestChange>();
        var written = new List<BlobId>();
        var next = 0;
        var (oldRow, newRow) = (0L, 0L);

        for (var i = 0; i < parent.Nodes.Count; i++)
        {
            var node = parent.Nodes[i];

            // What the last node ends with may only be the manifest's end: whatever comes after it then goes into it.
            var open = i == parent.Nodes.Count - 1 && !ManifestFormat.EndsNode(node.Count, node.Last);
            var touched = removals.Touches(node) || (next < additions.Count && (open || EntryPath.Compare(additions[next].Entry.Path, node.Last) <= 0));
            if (builder.Count == 0 && !touched)
            {
                nodes.Add(node);
                oldRow += node.Rows;
                newRow += node.Rows;
                continue;
            }

            foreach (var line in await ReadLinesAsync(node, cancellationToken))
            {
                while (next < additions.Count && line.CompareTo(additions[next].Path) > 0)
                {
                    await AddAsync(null, additions[next++].Entry);
                }

                var gone = removals.Take(line);
                if (next < additions.Count && line.CompareTo(additions[next].Path) == 0)
                {
                    var entry = additions[next++].Entry;
                    if (line.Entry == entry)
                    {
                        await KeepAsync(line);
                    }
                    else if (gone)
                    {
                        await AddAsync(line.Entry, entry);
                    }
                    else
                    {
                        throw new ConflictException(
                            $"The dataset already has a file '{EntryPath.Shorten(entry.Path)}' with other bytes. Commit under another path, remove it in the same commit, or use mode=replace.");
                    }
                }
                else if (gone)
                {
                    changes.Add(new ManifestChange(line.Entry, oldRow, null, newRow));
                    oldRow += line.Rows;
                }
                else
                {
                    await KeepAsync(line);
                }
            }
        }

        while (next < additions.Count)
        {
            await AddAsync(null, additions[next++].Entry);
        }

        if (removals.Unmatched.Except(additions.Select(addition => addition.Entry.Path)).Order(EntryPath.Order).FirstOrDefault() is { } missing)
        {
            throw new NotFoundException($"The dataset has no '{EntryPath.Shorten(missing)}' to remove. GET .../versions/VERSION/files lists what is there.");
        }

        if (builder.Count > 0)
        {
            await EndNodeAsync();
        }

        var root = new ManifestRoot { Nodes = nodes };
        var digest = await (writer ?? write)(ManifestFormat.WriteRoot(root), cancellationToken);
        written.Add(digest);
        return new ManifestEdit { Digest = digest, Root = root, Changes = changes, Written = written };

        async ValueTask AddAsync(DatasetEntry? old, DatasetEntry entry)
        {
            changes.Add(new ManifestChange(old, oldRow, entry, newRow));
            oldRow += old?.Rows ?? 0;
            newRow += entry.Rows;
            if (builder.Add(entry))
            {
                await EndNodeAsync();
            }
        }

        async ValueTask KeepAsync(ManifestLine line)
        {
            oldRow += line.Rows;
            newRow += line.Rows;
            if (builder.Add(line))
            {
                await EndNodeAsync();
            }
        }

        async Task EndNodeAsync()
        {
            var (bytes, node) = builder.Take();
            var nodeDigest = await (writer ?? write)(bytes, cancellationToken);
            written.Add(nodeDigest);
            nodes.Add(node(nodeDigest));
        }
    }

    /// <summary>The entries that differ, in order of paths. Equal nodes are left out unread, and equal lines unparsed.</summary>
    public async IAsyncEnumerable<ManifestDifference> DiffAsync(
        ManifestRoot from, ManifestRoot to, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var old = new ManifestCursor(from, node => ReadLinesAsync(node, cancellationToken));
        var now = new ManifestCursor(to, node => ReadLinesAsync(node, cancellationToken));
        while (!old.AtEnd || !now.AtEnd)
        {
            if (old.NextNode is { } oldNode && now.NextNode is { } newNode && oldNode.Digest == newNode.Digest)
            {
                old.SkipNode();
                now.SkipNode();
                continue;
            }

            if (old.NextNode is not null && now.NextNode is not null)
            {
                // Reading a node is mostly hashing it: the two go side by side.
                var loading = Task.Run(async () => await old.LoadAsync(), cancellationToken);
                await now.LoadAsync();
                await loading;
            }
            else
            {
                await old.LoadAsync();
                await now.LoadAsync();
            }

            var order = old.AtEnd ? 1 : now.AtEnd ? -1 : old.Current.CompareTo(now.Current.Path.Span);
            if (order != 0 || !old.Current.Line.Span.SequenceEqual(now.Current.Line.Span))
            {
                yield return new ManifestDifference(order <= 0 ? old.Current.Entry : null, order >= 0 ? now.Current.Entry : null) { OldRow = old.Row, NewRow = now.Row };
            }

            if (order <= 0)
            {
                old.Advance();
            }

            if (order >= 0)
            {
                now.Advance();
            }
        }
    }

    /// <summary>The entries of one node as they are stored.</summary>
    public async Task<ManifestLine[]> ReadLinesAsync(ManifestNode node, CancellationToken cancellationToken = default) =>
        ManifestFormat.ReadLines(await ReadAsync(node.Digest, cancellationToken));

    private async Task<ReadOnlyMemory<byte>> ReadAsync(BlobId digest, CancellationToken cancellationToken)
    {
        var bytes = await read(digest, cancellationToken);
        if (!verified && BlobId.FromHash(SHA256.HashData(bytes.Span)) != digest)
        {
            throw new InvalidDataException($"Blob {digest}, part of a dataset's manifest, is damaged in the store. Restore it from a backup.");
        }

        return bytes;
    }
}
