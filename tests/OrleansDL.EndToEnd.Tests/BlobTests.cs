using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

[Collection(ProductCollection.Name)]
public sealed class BlobTests(PostgresServer postgres) : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Packs_leases_and_sweeps_are_the_same_on_PostgreSQL()
    {
        await using var database = new Db(Options.Create(new DatabaseOptions { ConnectionString = await postgres.CreateDatabaseAsync() }));
        await new Schema(database, TimeProvider.System, NullLogger<Schema>.Instance).ApplyAsync();
        var store = Store(database, TimeProvider.System);
        var blobs = await PackAsync(store, count: 1000);
        var loose = await store.PutAsync(new byte[3 << 20]);
        await store.LeaseAsync("test:kept", [blobs[0], loose.Blob], TimeSpan.FromSeconds(-1));
        await store.LeaseAsync("test:passing", [blobs[1]], TimeSpan.FromSeconds(-1));
        Assert.True(await store.KeepAsync("test:kept"));
        Assert.Equal(1001, (await store.KnownAsync([.. blobs, loose.Blob])).Count);

        var future = TimeProvider.System.GetUtcNow().AddDays(1);
        var dry = await store.SweepAsync(future, dryRun: true, orphans: true);
        var done = await store.SweepAsync(future, orphans: true);

        Assert.Equal((1, 999, 1), (dry.ExpiredLeases, dry.PackedBlobs.Count, done.ExpiredLeases));
        Assert.Equal((999, 1), (done.PackedBlobs.Count, done.Compacted.Count));
        Assert.Equal("blob 0"u8.ToArray(), await store.ReadAsync(blobs[0]));
        Assert.Equal([blobs[0], loose.Blob], (await store.KnownAsync([.. blobs, loose.Blob])).OrderBy(blob => blob == loose.Blob));

        var admin = new BlobAdmin(database, TimeProvider.System, Settings("admin"), NullLogger<BlobStore>.Instance);
        Assert.Equal((2, 0), ((await admin.VerifyAsync()).Blobs, (await admin.ReindexAsync()).Packs));
        Assert.Equal(2, (await admin.CopyAsync(_folder["elsewhere"])).Copied);
    }

    [Fact]
    public async Task Damage_on_the_disk_is_named_never_served_and_found_by_the_command_line()
    {
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = _folder["data"] });
        using var api = node.Api();
        await api.PostAsync($"{Scenario.Project}/datasets", new { name = "files", kind = "files" });
        var content = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 1000)));
        await CommitAsync(api, content);
        var blob = BlobId.FromHash(System.Security.Cryptography.SHA256.HashData(content));
        var file = Path.Combine(_folder["data"], "blobs", blob.Hex[..2], blob.Hex[2..]);
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        var (status, problem) = await api.TryAsync(HttpMethod.Get, $"{Scenario.Project}/datasets/files/versions/v1/download?path=numbers.txt");
        Assert.Equal((HttpStatusCode.InternalServerError, "blob-damaged"), (status, problem.Text("code")));
        Assert.Contains(blob.ToString(), problem.Text("detail"), StringComparison.Ordinal);

        var found = await Odl.RunAsync(["admin", "blobs", "verify", "--drop", "--data", _folder["data"]]);
        Assert.Equal(1, found.ExitCode);
        Assert.Contains($"damaged  {blob}", found.Output, StringComparison.Ordinal);
        await CommitAsync(api, content);
        Assert.Equal(0, (await Odl.RunAsync(["admin", "blobs", "verify", "--data", _folder["data"]])).ExitCode);

        // All of it in another store, where it is read as here.
        foreach (var expected in new[] { ", 0 were there", "0 copied" })
        {
            Assert.Contains(expected, (await Odl.RunAsync(["admin", "blobs", "copy", "--to", _folder["other"], "--data", _folder["data"]])).Succeeded(), StringComparison.Ordinal);
        }

        Assert.Contains("all whole", (await Odl.RunAsync(["admin", "blobs", "verify", "--blobs", _folder["other"], "--data", _folder["data"]])).Succeeded(), StringComparison.Ordinal);

        var sweep = await Odl.RunAsync(["admin", "blobs", "sweep", "--dry-run", "--data", _folder["data"]]);
        Assert.Contains("would free", sweep.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sweep_that_is_killed_goes_on_and_loses_nothing()
    {
        // Stored two days ago, so that the server's own grace has passed.
        var data = _folder["killed"];
        List<BlobId> needed;
        await using (var database = new Db(Options.Create(new DatabaseOptions { SqliteFile = Path.Combine(data, "orleansdl.db") })))
        {
            await new Schema(database, TimeProvider.System, NullLogger<Schema>.Instance).ApplyAsync();
            var store = Store(database, new Earlier(), Path.Combine(data, "blobs"));
            var packed = await PackAsync(store, count: 10_000);
            needed = [.. packed.Where((_, index) => index % 10 == 0)];
            for (var i = 0; i < 60; i++)
            {
                var loose = await store.PutAsync(Encoding.UTF8.GetBytes($"loose {i}"));
                if (i % 10 == 0)
                {
                    needed.Add(loose.Blob);
                }
            }

            await store.ReferAsync("test:needed", needed);
        }

        var options = new OdlOptions { Data = data };
        foreach (var deletions in new[] { 1, 20 })
        {
            await using var node = await OdlProcess.StartAsync(options);
            using var api = node.Api();
            using var deleted = new Deletions(Path.Combine(data, "blobs"), deletions);
            var sweeping = api.PostAsync("/v1/admin/blobs/sweep", new { });
            await Task.WhenAny(deleted.Seen, sweeping);
            await node.KillAsync();

            // Answered before the kill, or cut off by it.
            await Task.WhenAny(sweeping);
        }

        await using var last = await OdlProcess.StartAsync(options);
        using var client = last.Api();
        await client.PostAsync("/v1/admin/blobs/sweep", new { });

        await using var after = new Db(Options.Create(new DatabaseOptions { SqliteFile = Path.Combine(data, "orleansdl.db") }));
        var swept = Store(after, TimeProvider.System, Path.Combine(data, "blobs"));
        Assert.Equal(needed.Count, (await swept.KnownAsync(needed)).Count);
        Assert.Equal((needed.Count, 0), ((await Admin(after, data).VerifyAsync()).Blobs, (await Admin(after, data).VerifyAsync()).Faults.Count));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task CommitAsync(Api api, byte[] content)
    {
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/octet-stream");
        await api.SendAsync(HttpMethod.Post, $"{Scenario.Project}/datasets/files/commits?message=one&format=file&path=numbers.txt&mode=replace", body);
    }

    private static async Task<List<BlobId>> PackAsync(BlobStore store, int count)
    {
        var blobs = new List<BlobId>();
        await using var writer = store.CreatePack();
        for (var i = 0; i < count; i++)
        {
            blobs.Add((await writer.AddAsync(Encoding.UTF8.GetBytes($"blob {i}"))).Blob);
        }

        await writer.CompleteAsync();
        return blobs;
    }

    private BlobStore Store(Db database, TimeProvider time, string? blobs = null) => new(database, time, Settings("cache", blobs), NullLogger<BlobStore>.Instance);

    private BlobAdmin Admin(Db database, string data) => new(
        database, TimeProvider.System, Settings("admin", Path.Combine(data, "blobs")), NullLogger<BlobStore>.Instance);

    private IOptions<BlobOptions> Settings(string cache, string? blobs = null) =>
        Options.Create(new BlobOptions { Location = blobs ?? _folder["blobs"], CacheDirectory = _folder[cache] });

    private sealed class Earlier : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddDays(-2);
    }
}
