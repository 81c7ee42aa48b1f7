using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Shards;

/// <summary>Which shards there are. A set is there before its first shard, so that what a killed builder left is found and collected.</summary>
internal sealed class ShardTable(Db database, TimeProvider time)
{
    private const int Batch = 500;

    /// <summary>The sets of some nodes under a schema.</summary>
    public async Task<ILookup<string, (string Source, bool Outside, bool Complete)>> FindAsync(BlobId schema, IEnumerable<BlobId> nodes)
    {
        await using var connection = await database.OpenAsync();
        var found = new List<(string Node, string Source, int Outside, int Complete)>();
        foreach (var batch in nodes.Select(node => node.Hex).Distinct().Chunk(Batch))
        {
            found.AddRange(await connection.QueryAsync<(string, string, int, int)>(
                $"SELECT node, source, outside, complete FROM dataset_shard_set WHERE schema_sha256 = @schema AND node {database.In("@nodes")}",
                new { schema = schema.Hex, nodes = batch }));
        }

        return found.ToLookup(row => row.Node, row => (row.Source, row.Outside != 0, row.Complete != 0));
    }

    /// <summary>Begins a set, or goes on with one that is begun.</summary>
    public async Task BeginAsync(ShardSet set, BlobId schema)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO dataset_shard_set (source, node, schema_sha256, outside, complete, used_at) VALUES (@Source, @node, @schema, @outside, 0, @now)
            ON CONFLICT (source) DO UPDATE SET used_at = excluded.used_at
            """,
            new { set.Source, node = set.Node.Hex, schema = schema.Hex, outside = set.Outside ? 1 : 0, now = time.Now() });
    }

    public async Task AddAsync(ShardSet set, int number, BlobRef blob, MdsShard shard)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO dataset_shard (source, number, sha256, bytes, samples, encodings) VALUES (@Source, @number, @sha256, @Bytes, @Samples, @encodings) ON CONFLICT DO NOTHING",
            new { set.Source, number, sha256 = blob.Blob.Hex, blob.Bytes, shard.Samples, encodings = string.Join('\n', shard.Encodings) });
    }

    public async Task CompleteAsync(ShardSet set)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("UPDATE dataset_shard_set SET complete = 1 WHERE source = @Source", new { set.Source });
    }

    /// <summary>The shards of sets, by set, each in the order of rows.</summary>
    public async Task<ILookup<string, ShardRow>> ListAsync(IEnumerable<string> sources)
    {
        await using var connection = await database.OpenAsync();
        var rows = new List<ShardRow>();
        foreach (var batch in sources.Distinct().Chunk(Batch))
        {
            rows.AddRange(await connection.QueryAsync<ShardRow>(
                $"SELECT source AS Source, number AS Number, sha256 AS Sha256, bytes AS Bytes, samples AS Samples, encodings AS Encodings FROM dataset_shard WHERE source {database.In("@batch")} ORDER BY source, number",
                new { batch }));
        }

        return rows.ToLookup(row => row.Source);
    }

    /// <summary>Says that sets are used now.</summary>
    public async Task TouchAsync(IEnumerable<string> sources)
    {
        await using var connection = await database.OpenAsync();
        foreach (var batch in sources.Distinct().Chunk(Batch))
        {
            await connection.ExecuteAsync($"UPDATE dataset_shard_set SET used_at = @now WHERE source {database.In("@batch")}", new { now = time.Now(), batch });
        }
    }

    /// <summary>Forgets a set that was not used since a time. False when it was.</summary>
    public async Task<bool> DeleteAsync(string source, DateTimeOffset usedBefore)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        var gone = await connection.ExecuteAsync(
            "DELETE FROM dataset_shard_set WHERE source = @source AND used_at < @before", new { source, before = Micros.From(usedBefore) }, transaction);
        if (gone > 0)
        {
            await connection.ExecuteAsync("DELETE FROM dataset_shard WHERE source = @source", new { source }, transaction);
        }

        await transaction.CommitAsync();
        return gone > 0;
    }

    public async Task<IReadOnlyList<string>> UnusedAsync(DateTimeOffset usedBefore)
    {
        await using var connection = await database.OpenAsync();
        return [.. await connection.QueryAsync<string>("SELECT source FROM dataset_shard_set WHERE used_at < @before", new { before = Micros.From(usedBefore) })];
    }
}
