using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansDL.Blobs;
using OrleansDL.Database;

namespace OrleansDL.Tests.Hosting;

public sealed class PackedReferenceUpgradeTests
{
    [Fact]
    public async Task Who_needs_a_packed_blob_is_known_after_the_upgrade_that_numbers_them()
    {
        using var folder = new TempDirectory();
        await using var database = ServerNode.NewDatabase(folder.Path);
        await using var connection = await database.OpenAsync();
        await ApplyBeforeNumbersAsync(connection);
        var blobs = Enumerable.Range(0, 4).Select(i => BlobId.FromHash(SHA256.HashData([(byte)i]))).ToArray();
        var twin = BlobId.Parse(blobs[0].Hex[..^1] + (blobs[0].Hex[^1] == '0' ? '1' : '0'));
        await connection.ExecuteAsync("INSERT INTO blob_pack (pack, bytes, stored_at) VALUES ('p', 400, 0)");
        foreach (var blob in (BlobId[])[blobs[0], blobs[1], blobs[2], twin])
        {
            await connection.ExecuteAsync("INSERT INTO packed_blob (sha256, pack, position, bytes, stored_at) VALUES (@sha256, 1, 0, 1, 0)", new { sha256 = blob.Hex });
        }

        await connection.ExecuteAsync("INSERT INTO blob (sha256, bytes, stored_at) VALUES (@sha256, 1, 0)", new { sha256 = blobs[3].Hex });
        foreach (var (owner, blob) in ((string, BlobId)[])[("one", blobs[0]), ("two", blobs[0]), ("two", blobs[1]), ("two", blobs[3])])
        {
            await connection.ExecuteAsync("INSERT INTO blob_reference (owner, sha256) VALUES (@owner, @sha256)", new { owner, sha256 = blob.Hex });
        }

        await new Schema(database, TimeProvider.System, NullLogger<Schema>.Instance).ApplyAsync();

        var rows = new BlobRows(database, TimeProvider.System);
        var references = new BlobReferences(database, rows, TimeProvider.System);
        Assert.Equal([blobs[0]], await references.ListAsync("one", default));
        Assert.Equal(((BlobId[])[blobs[0], blobs[1], blobs[3]]).ToHashSet(), (await references.ListAsync("two", default)).ToHashSet());
        Assert.Equal(["one", "two"], await rows.OwnersAsync(blobs[0], default));
        Assert.Empty(await rows.OwnersAsync(twin, default));
        Assert.Equal(new BlobUse(3, 3, 1), await references.WeighAsync([blobs[0], blobs[1], blobs[3], twin], ["two"], default));

        // A blob whose bytes are lost is still wanted, and is known under its number when it comes again.
        await rows.ForgetAsync(blobs[0], () => Task.CompletedTask, default);
        Assert.Equal([blobs[0]], await references.ListAsync("one", default));
        await rows.KeepPackAsync("q", 100, [new PackEntry(blobs[0], 0, 1), new PackEntry(blobs[1], 1, 1)], null, () => Task.CompletedTask, default);
        Assert.Equal("q", (await rows.FindPlaceAsync(blobs[0], default))!.Value.Pack);
        Assert.Equal("p", (await rows.FindPlaceAsync(blobs[1], default))!.Value.Pack);
        await references.AddAsync("three", [blobs[0], blobs[3]], null, default);
        Assert.Equal(["one", "three", "two"], await rows.OwnersAsync(blobs[0], default));
        await references.RemoveAsync("three", [blobs[0]]);
        Assert.Equal([blobs[3]], await references.ListAsync("three", default));
    }

    // Every script from before packed blobs had numbers, as a release applied it.
    private static async Task ApplyBeforeNumbersAsync(System.Data.Common.DbConnection connection)
    {
        await connection.ExecuteAsync("CREATE TABLE schema_version (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, applied_at BIGINT NOT NULL)");
        foreach (var (number, name, text) in Schema.Scripts().Where(script => script.Number < 150))
        {
            foreach (var statement in Schema.Statements(text, postgres: false))
            {
                await using var command = connection.CreateCommand();
                command.CommandText = statement;
                await command.ExecuteNonQueryAsync();
            }

            await connection.ExecuteAsync(
                "INSERT INTO schema_version (number, name, digest, applied_at) VALUES (@number, @name, @digest, 0)",
                new { number, name, digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))) });
        }
    }
}
