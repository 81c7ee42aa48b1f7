using OrleansDL.Datasets.Branches;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Retention;

/// <summary>Answers which versions hold a file, a source or a row, and who used them: what a request for deletion needs to know.</summary>
internal sealed class DatasetUsages(DatasetTable table, ExpiryTable expiry, DatasetBlobs datasets, BranchTable branches, DatasetUsers users)
{
    /// <summary>Who holds a file of this path.</summary>
    public Task<DatasetUsage> OfPathAsync(Dataset dataset, string path, CancellationToken cancellationToken) => OfFileAsync(dataset, EntryPath.Check(path), null, cancellationToken);

    /// <summary>Who holds rows of a source, named by URI or digest.</summary>
    public async Task<DatasetUsage> OfSourceAsync(Dataset dataset, string source, CancellationToken cancellationToken)
    {
        var digest = BlobId.TryParse(source, out var parsed) ? parsed : (BlobId?)null;
        var usage = await FindAsync(
            dataset,
            async version => (await datasets.OriginsAsync(version, cancellationToken)).Where(range => digest is null ? range.Uri == source : range.Sha256 == digest).Sum(range => range.Rows),
            cancellationToken);
        return usage with { Source = source };
    }

    /// <summary>Who holds the row with this index of a version: its file, as it is there.</summary>
    public async Task<DatasetUsage> OfRowAsync(Dataset dataset, DatasetVersion version, long row, CancellationToken cancellationToken)
    {
        if (row < 0 || row >= version.Rows)
        {
            throw new NotFoundException($"{version.DatasetName}@v{version.Version} has no row {row}: it has rows 0 to {version.Rows - 1}.");
        }

        var entry = await EntryOfAsync(version, row, cancellationToken);
        var source = SourceRanges.Slice(await datasets.OriginsAsync(version, cancellationToken), row, 1);
        return await OfFileAsync(dataset, entry.Path, entry.Blob, cancellationToken) with { Source = source.Count == 0 ? null : source[0].Uri };
    }

    /// <summary>Who stands on one version.</summary>
    public Task<DatasetUsage> OfVersionAsync(Dataset dataset, DatasetVersion version, CancellationToken cancellationToken) =>
        FindAsync(dataset, found => Task.FromResult(found.Version == version.Version ? found.Rows : 0L), cancellationToken);

    private async Task<DatasetUsage> OfFileAsync(Dataset dataset, string path, BlobId? blob, CancellationToken cancellationToken)
    {
        // Versions that follow each other mostly share the node, which then is read once.
        var known = new Dictionary<BlobId, long>();
        var usage = await FindAsync(
            dataset,
            async version =>
            {
                var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
                var at = root.IndexOf(path);
                if (at == root.Nodes.Count)
                {
                    return 0;
                }

                if (!known.TryGetValue(root.Nodes[at].Digest, out var rows))
                {
                    var entry = await datasets.Manifests.FindAsync(root, path, cancellationToken);
                    known[root.Nodes[at].Digest] = rows = entry is null || (blob is not null && entry.Blob != blob) ? 0 : Math.Max(1, entry.Rows);
                }

                return rows;
            },
            cancellationToken);
        return usage with { Path = path };
    }

    private async Task<DatasetUsage> FindAsync(Dataset dataset, Func<DatasetVersion, Task<long>> rowsOf, CancellationToken cancellationToken)
    {
        var heads = (await branches.HeadsAsync(dataset.Id)).ToLookup(head => head.Value, head => head.Key);
        var used = new List<UsedVersion>();
        foreach (var numbers in (await expiry.ListThereAsync(dataset.Id)).Select(found => found.Version).Chunk(100))
        {
            foreach (var version in await table.FindVersionsAsync(dataset.Id, numbers))
            {
                if (await rowsOf(version) is > 0 and var rows)
                {
                    used.Add(new UsedVersion { Version = version.Version, Commit = version.Commit, Branches = heads[version.Version].Order(StringComparer.Ordinal).ToArray(), Rows = rows });
                }
            }
        }

        var (found, truncated) = await users.FindAsync(dataset.Project, [.. used.Select(version => (version.Version, version.Commit))], cancellationToken);
        return new DatasetUsage { Versions = used, Users = found, Truncated = truncated };
    }

    private async Task<DatasetEntry> EntryOfAsync(DatasetVersion version, long row, CancellationToken cancellationToken)
    {
        foreach (var node in (await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken)).Nodes)
        {
            if (row >= node.Rows)
            {
                row -= node.Rows;
                continue;
            }

            foreach (var line in await datasets.Manifests.ReadLinesAsync(node, cancellationToken))
            {
                if (row < line.Rows)
                {
                    return line.Entry;
                }

                row -= line.Rows;
            }
        }

        throw new InvalidDataException($"The manifest of {version.DatasetName}@v{version.Version} has fewer rows than the version says.");
    }
}
