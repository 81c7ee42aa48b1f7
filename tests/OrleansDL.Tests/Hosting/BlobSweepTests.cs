using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

public sealed class BlobSweepTests
{
    [Fact]
    public async Task Bytes_that_a_killed_sweep_took_before_their_row_are_stored_again()
    {
        await using var bench = await BlobBench.StartAsync();
        var content = BlobBench.Random(500);
        var blob = await bench.Store.PutAsync(content);

        // Killed between the bytes and the end of its transaction: the row is there again.
        File.Delete(bench.Store.PathOf(blob.Blob));
        Assert.Empty(await bench.Store.KnownAsync([blob.Blob]));
        Assert.Equal(blob, Assert.Single(await bench.PackAsync(content)));
        Assert.Equal(content, await bench.Store.ReadAsync(blob.Blob));

        File.Delete(bench.Store.PathOf(blob.Blob));
        await bench.SweepAsync();
        Assert.Empty(await bench.ObjectsAsync());
    }

    [Fact]
    public async Task Files_that_a_killed_writer_or_compaction_left_without_a_row_are_collected()
    {
        await using var bench = await BlobBench.StartAsync();
        var kept = await bench.Store.PutAsync(BlobBench.Random(500));
        await bench.Store.ReferAsync("test:owner", [kept.Blob]);
        await bench.Store.PutAsync(BlobBench.Random(2 << 20));
        await bench.PackAsync(BlobBench.Random(100), BlobBench.Random(100));
        await bench.ForgetRowsAsync();

        var plain = await bench.SweepAsync();
        Assert.Equal(0, plain.BytesFreed);
        var dry = await bench.Store.SweepAsync(bench.Time.GetUtcNow().AddDays(1), dryRun: true, orphans: true);
        Assert.Equal(3, dry.Orphans);
        var report = await bench.Store.SweepAsync(bench.Time.GetUtcNow().AddDays(1), orphans: true);

        // What is referred to has its row again; the rest is gone.
        Assert.Equal((3, 1, 1), (report.Orphans, report.Blobs.Count, report.Packs.Count));
        Assert.Equal(BlobKeys.Of(kept.Blob), Assert.Single(await bench.ObjectsAsync()));
        Assert.Single(await bench.Store.KnownAsync([kept.Blob]));
    }

    [Fact]
    public async Task A_pack_that_a_killed_compaction_left_beside_the_old_one_costs_nothing_but_its_time()
    {
        await using var bench = await BlobBench.StartAsync();
        var contents = Enumerable.Range(0, 10).Select(_ => BlobBench.Random(1000)).ToList();
        var blobs = await bench.PackAsync(contents);
        await bench.Store.ReferAsync("test:owner", [blobs[4].Blob]);
        var old = Assert.Single(await bench.ObjectsAsync());
        var before = await File.ReadAllBytesAsync(Path.Combine(bench.Options.Location, old));
        await bench.SweepAsync();
        var compacted = Assert.Single(await bench.ObjectsAsync());
        Assert.NotEqual(old, compacted);

        // The old pack again, as if the kill had come before it was removed, and its row too.
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(bench.Options.Location, old))!);
        await File.WriteAllBytesAsync(Path.Combine(bench.Options.Location, old), before);
        await bench.Store.SweepAsync(bench.Time.GetUtcNow().AddDays(1), orphans: true);

        Assert.Equal(compacted, Assert.Single(await bench.ObjectsAsync()));
        Assert.Equal(contents[4], await bench.Store.ReadAsync(blobs[4].Blob));
    }

    [Fact]
    public async Task Writers_and_sweeps_that_meet_lose_nothing()
    {
        // Long ago, so that rows are always old and files being written never are.
        await using var bench = await BlobBench.StartAsync(now: TimeProvider.System.GetUtcNow().AddDays(-30));
        var contents = Enumerable.Range(0, 4).Select(_ => BlobBench.Random(200)).ToList();
        using var done = new CancellationTokenSource();
        var sweeping = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                await bench.SweepAsync();
            }
        });
        for (var round = 0; round < 30; round++)
        {
            var ids = contents.Select(content => BlobId.FromHash(System.Security.Cryptography.SHA256.HashData(content))).ToList();
            await bench.Store.LeaseAsync("test:writer", ids, TimeSpan.FromHours(1));
            await bench.Store.PutAsync(contents[0]);
            await bench.PackAsync(contents[1..]);
            foreach (var (id, content) in ids.Zip(contents))
            {
                Assert.Equal(content, await bench.Store.ReadAsync(id));
            }

            await bench.Store.UnreferAsync("test:writer");
        }

        await done.CancelAsync();
        await sweeping;
    }

    [Fact]
    public async Task Verification_names_damage_and_who_needs_it_and_dropping_lets_it_be_stored_again()
    {
        await using var bench = await BlobBench.StartAsync();
        var content = BlobBench.Random(5000);
        var (damaged, missing) = (await bench.Store.PutAsync(content), await bench.Store.PutAsync(BlobBench.Random(300)));
        await bench.PackAsync(BlobBench.Random(70), BlobBench.Random(80));
        await bench.Store.ReferAsync("run:42", [damaged.Blob]);
        BlobBench.Damage(bench.Store.PathOf(damaged.Blob), 17);
        File.Delete(bench.Store.PathOf(missing.Blob));

        var found = await bench.Admin().VerifyAsync(drop: true);

        Assert.Equal((4, 5450), (found.Blobs, found.Bytes));
        Assert.Equal(2, found.Faults.Count);
        var fault = Assert.Single(found.Faults, fault => fault.Blob == damaged.Blob);
        Assert.Equal(("damaged", "run:42"), (fault.Fault, Assert.Single(fault.Owners)));
        Assert.Equal("missing", Assert.Single(found.Faults, fault => fault.Blob == missing.Blob).Fault);

        await bench.Store.PutAsync(content);
        Assert.Equal(content, await bench.Store.ReadAsync(damaged.Blob));
        Assert.Empty((await bench.Admin().VerifyAsync()).Faults);
    }
}
