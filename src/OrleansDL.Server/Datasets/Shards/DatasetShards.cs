using System.Security.Cryptography;
using System.Text;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Shards;

/// <summary>Derives MDS shards from versions, manifest node by manifest node: equal nodes share their shards, so that a commit costs what it added.</summary>
internal sealed class DatasetShards(DatasetBlobs datasets, DatasetReader reader, BlobStore blobs, ShardTable table)
{
    /// <summary>Part of what shards are made of: another writer would make others.</summary>
    private const string Format = "odl-shards/1";

    /// <summary>The sets that a version's rows lie in, in the order of rows.</summary>
    public async Task<IReadOnlyList<ShardSet>> SetsAsync(DatasetVersion version, CancellationToken cancellationToken)
    {
        var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
        var schema = SchemaOf(version);
        var known = await table.FindAsync(schema, root.Nodes.Select(node => node.Digest));
        var sets = new List<ShardSet>();
        long row = 0;
        foreach (var node in root.Nodes)
        {
            if (node.Rows > 0)
            {
                var mine = known[node.Digest.Hex].ToList();
                var (source, outside) = mine is [{ Outside: false } only] ? (only.Source, false) : await SourceAsync(root, node, schema, cancellationToken);
                sets.Add(new ShardSet(source, node.Digest, outside, row, node.Rows, mine.Any(set => set.Source == source && set.Complete)));
            }

            row += node.Rows;
        }

        return sets;
    }

    /// <summary>Makes the shards of a set that are not there yet.</summary>
    /// <remarks>A killed builder's shards stay: a shard begins where the one before it ended, so the rows behind the last one give what they would have given.</remarks>
    /// <param name="progressed">Told the rows of each shard when it is there.</param>
    public async Task BuildAsync(DatasetVersion version, ShardSet set, Action<long> progressed, CancellationToken cancellationToken)
    {
        await table.BeginAsync(set, SchemaOf(version));
        var done = (await table.ListAsync([set.Source]))[set.Source].ToList();
        var rows = done.Sum(shard => (long)shard.Samples);
        progressed(rows);
        var number = done.Count;
        var batches = reader.ReadAsync(version, set.FirstRow + rows, set.Rows - rows, cancellationToken: cancellationToken);
        var writer = new MdsWriter(MdsColumns.Of(version.Kind, version.Schema));
        await foreach (var shard in writer.WriteAsync(MdsColumns.SchemaOf(version.Kind, version.Schema), rows == set.Rows ? AsyncEnumerable.Empty<Apache.Arrow.RecordBatch>() : batches, cancellationToken))
        {
            await using var blob = blobs.Create();
            await shard.WriteAsync(blob, cancellationToken);
            var kept = await blob.CompleteAsync(cancellationToken);
            await blobs.ReferAsync(set.Owner, [kept.Blob]);
            await table.AddAsync(set, number++, kept, shard);
            rows += shard.Samples;
            progressed(shard.Samples);
        }

        if (rows != set.Rows)
        {
            throw new InvalidDataException($"{version.DatasetName}@v{version.Version} has {set.Rows} rows from row {set.FirstRow} on by its manifest, and {rows} in its files.");
        }

        await table.CompleteAsync(set);
    }

    /// <summary>The shards of sets, named and numbered through.</summary>
    public async Task<List<DatasetShard>> ListAsync(IReadOnlyList<ShardSet> sets)
    {
        var rows = await table.ListAsync(sets.Select(set => set.Source));
        return [.. sets.SelectMany(set => rows[set.Source]).Select((shard, number) => new DatasetShard
        {
            Name = MdsFormat.Name(number),
            Blob = BlobId.Parse(shard.Sha256),
            Bytes = shard.Bytes,
            Samples = shard.Samples,
            Encodings = shard.Encodings.Split('\n'),
        })];
    }

    public Task TouchAsync(IReadOnlyList<ShardSet> sets) => table.TouchAsync(sets.Select(set => set.Source));

    /// <summary>Forgets the sets that nobody used since a time; their bytes go with the next sweep of blobs. Answers how many.</summary>
    public async Task<int> CollectAsync(DateTimeOffset usedBefore)
    {
        var collected = 0;
        foreach (var source in await table.UnusedAsync(usedBefore))
        {
            if (await table.DeleteAsync(source, usedBefore))
            {
                await blobs.UnreferAsync(ShardSet.OwnerOf(source));
                collected++;
            }
        }

        return collected;
    }

    private static BlobId SchemaOf(DatasetVersion version) => BlobId.FromHash(SHA256.HashData(CommitFormat.WriteSchema(version.Kind, version.Schema).Span));

    /// <summary>Node and schema say all there is to the rows, unless images have their labels in a file of another node.</summary>
    private async Task<(string Source, bool Outside)> SourceAsync(ManifestRoot root, ManifestNode node, BlobId schema, CancellationToken cancellationToken)
    {
        var text = new StringBuilder($"{Format}\n{node.Digest}\n{schema}\n");
        var outside = false;
        var single = new ManifestRoot { Nodes = [node] };
        await foreach (var entry in datasets.Manifests.EntriesAsync(single, cancellationToken: cancellationToken))
        {
            if (entry.Labels is { } path && (EntryPath.Compare(path, node.First) < 0 || EntryPath.Compare(path, node.Last) > 0))
            {
                outside = true;
                var labels = await datasets.Manifests.FindAsync(root, path, cancellationToken);
                text.Append(entry.Path).Append('\n').Append(labels?.Blob.ToString() ?? "none").Append('\n');
            }
        }

        return (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))), outside);
    }
}
