using Dapper;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Datasets.Shards;

namespace OrleansDL.Datasets.Retention;

/// <summary>Removes what was derived from files and commits whose bytes are gone: their statistics, lists of labels and shards. All of it can be made again, and holds values of the rows.</summary>
internal sealed class DerivedRows(Db database, ShardTable shards, BlobStore blobs)
{
    /// <summary>Removes rows; answers how many. May be repeated and run beside writers: what goes too early is worked out again.</summary>
    public async Task<int> TidyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition($"DELETE FROM file_summary WHERE {Gone("file_summary.blob")}", cancellationToken: cancellationToken))
            + await connection.ExecuteAsync(new CommandDefinition($"DELETE FROM dataset_labels WHERE {Gone("dataset_labels.commit_sha256")}", cancellationToken: cancellationToken));
    }

    /// <summary>Removes the shards of rows whose manifest nodes are gone, and their bytes at once.</summary>
    public async Task<SweptBlobs> RemoveShardsAsync(CancellationToken cancellationToken)
    {
        List<string> sources;
        await using (var connection = await database.OpenAsync(cancellationToken))
        {
            sources = (await connection.QueryAsync<string>(new CommandDefinition(
                $"SELECT source FROM dataset_shard_set WHERE {Gone("dataset_shard_set.node")}", cancellationToken: cancellationToken))).AsList();
        }

        var removed = new SweptBlobs();
        foreach (var source in sources)
        {
            // The bytes go first: killed in between, the repeat finds the set again.
            var owner = ShardSet.OwnerOf(source);
            var swept = await blobs.RemoveAsync(owner, cancellationToken);
            removed = removed.Plus(swept.Count, swept.Bytes);
            await blobs.UnreferAsync(owner);
            await shards.DeleteAsync(source, DateTimeOffset.MaxValue);
        }

        return removed;
    }

    // Small blobs lie in packs, large ones by themselves.
    private string Gone(string sha256) =>
        $"NOT EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = {sha256}) AND NOT EXISTS (SELECT 1 FROM packed_blob p WHERE {PackedBlobs.Same(database, "p.sha256", sha256)})";
}
