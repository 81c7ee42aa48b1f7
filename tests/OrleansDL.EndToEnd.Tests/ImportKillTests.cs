using System.Security.Cryptography;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>An import whose node is killed goes on by itself when the node is back, on both databases.</summary>
[Collection(ProductCollection.Name)]
public sealed class ImportKillTests(PostgresServer postgres)
{
    private const string Datasets = "/v1/projects/default/datasets";

    [Theory]
    [InlineData(TestDatabase.Sqlite)]
    [InlineData(TestDatabase.Postgres)]
    public async Task An_import_goes_on_after_its_node_was_killed(TestDatabase database)
    {
        using var folder = new TempFolder();
        var content = RandomNumberGenerator.GetBytes(12_000_000);
        await using var source = new HaltingFile(content, haltAt: 8_000_000);
        var options = await postgres.NodeAsync(database, folder) with
        {
            Settings = new Dictionary<string, string>
            {
                ["Datasets__Imports__AllowedHosts__0"] = "127.0.0.1",
                ["Datasets__Imports__AllowedNetworks__0"] = "127.0.0.1/32",
                ["Datasets__Imports__AllowPlainHttp"] = "true",
                ["Datasets__Uploads__DurableEvery"] = "1048576",
            },
        };
        string import;
        await using (var node = await OdlProcess.StartAsync(options))
        {
            using var api = node.Api();
            await api.PostAsync(Datasets, new { name = "fetched", kind = "files" });
            import = $"{Datasets}/fetched/imports/{(await api.PostAsync($"{Datasets}/fetched/imports", new { source = source.Url })).GetProperty("id").GetString()}";
            await Eventually.TrueAsync("bytes of the import", async () => (await api.GetAsync(import)).GetProperty("bytesDone").GetInt64() > 0);
            await node.KillAsync();
        }

        // Nobody asks for it again.
        await using var again = await OdlProcess.StartAsync(options);
        using var next = again.Api();
        await Eventually.TrueAsync("the end of the import", async () => (await next.GetAsync(import)).GetProperty("status").GetString() is "completed" or "failed");
        Assert.Equal("completed", (await next.GetAsync(import)).GetProperty("status").GetString());
        var file = (await next.GetAsync($"{Datasets}/fetched/versions/latest/files")).GetProperty("items")[0];
        Assert.Equal($"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}", file.GetProperty("blob").GetString());

        // What was durable is not fetched again.
        Assert.Equal(0, source.Began.First());
        Assert.True(source.Began.Last() > 0, $"Readers began at {string.Join(", ", source.Began)}.");
    }
}
