using System.Security.Cryptography;
using System.Text;
using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

[Collection(ServerNodeCollection.Name)]
public sealed class BlobPackTests(ServerNode node)
{
    private BlobStore Blobs => node.Get<BlobStore>();

    [Fact]
    public async Task Small_blobs_lie_in_one_file_and_are_found_in_every_way()
    {
        var contents = Enumerable.Range(0, 1000).Select(_ => Encoding.UTF8.GetBytes(Guid.NewGuid().ToString())).ToList();
        var packs = Packs();
        var blobs = await PackAsync(contents);

        Assert.Equal(packs + 1, Packs());
        for (var i = 0; i < contents.Count; i += 99)
        {
            Assert.Equal(contents[i], await Blobs.ReadAsync(blobs[i].Blob));
            Assert.True(await Blobs.ExistsAsync(blobs[i].Blob));
            Assert.Equal(contents[i], await File.ReadAllBytesAsync(await Blobs.FetchAsync(blobs[i].Blob)));
            await using var stream = await Blobs.OpenReadAsync(blobs[i].Blob);
            Assert.Equal(contents[i].Length, stream.Length);
        }
    }

    [Fact]
    public async Task What_is_known_is_not_stored_again_wherever_it_lies()
    {
        var alone = Encoding.UTF8.GetBytes(Guid.NewGuid().ToString());
        var packed = Encoding.UTF8.GetBytes(Guid.NewGuid().ToString());
        var first = await Blobs.PutAsync(alone);
        var second = Assert.Single(await PackAsync([packed]));
        var packs = Packs();

        Assert.Equal([first, second, first], await PackAsync([alone, packed, alone]));
        Assert.Equal(second, await Blobs.PutAsync(packed));

        Assert.Equal(packs, Packs());
        Assert.False(File.Exists(Blobs.PathOf(second.Blob)));
    }

    [Fact]
    public async Task The_sweep_takes_packed_blobs_and_a_pack_in_which_nothing_is_left()
    {
        var blobs = await PackAsync([Bytes(), Bytes()]);
        await Blobs.ReferAsync("test:pack", [blobs[0].Blob]);
        var packs = Packs();

        var dry = await Blobs.SweepAsync(Future, dryRun: true);
        Assert.True(dry.PackedBlobs.Count >= 1);
        Assert.True(await Blobs.ExistsAsync(blobs[1].Blob));

        await Blobs.SweepAsync(Future);
        Assert.True(await Blobs.ExistsAsync(blobs[0].Blob));
        Assert.False(await Blobs.ExistsAsync(blobs[1].Blob));

        await Blobs.UnreferAsync("test:pack");
        await Blobs.SweepAsync(Future);
        Assert.False(await Blobs.ExistsAsync(blobs[0].Blob));
        Assert.True(Packs() < packs);
    }

    [Fact]
    public async Task A_lease_ends_by_itself_unless_it_is_kept()
    {
        var blobs = await PackAsync([Bytes(), Bytes(), Bytes()]);
        await Blobs.LeaseAsync("test:passing", [blobs[0].Blob], TimeSpan.FromSeconds(-1));
        await Blobs.LeaseAsync("test:kept", [blobs[1].Blob], TimeSpan.FromSeconds(-1));
        await Blobs.LeaseAsync("test:running", [blobs[2].Blob], TimeSpan.FromHours(1));
        Assert.True(await Blobs.KeepAsync("test:kept"));

        await Blobs.SweepAsync(Future);

        var there = await Task.WhenAll(blobs.Select(blob => Blobs.ExistsAsync(blob.Blob)));
        Assert.Equal([false, true, true], there);
        Assert.False(await Blobs.KeepAsync("test:passing"));
        Assert.True(await Blobs.KeepAsync("test:kept"));
    }

    [Fact]
    public async Task A_writer_that_is_not_completed_leaves_nothing()
    {
        var incoming = Path.Combine(node.Folder, "blobs", "incoming");
        await using (var writer = Blobs.CreatePack())
        {
            for (var i = 0; i < 5; i++)
            {
                await writer.AddAsync(new byte[BlobStore.PackedBelow - 1 - i]);
            }

            Assert.NotEmpty(Directory.GetFiles(incoming));
        }

        Assert.Empty(Directory.GetFiles(incoming));
    }

    [Fact]
    public async Task Blobs_of_any_size_lie_in_packs_as_they_came()
    {
        // What fits the blocks of the disk goes there without a copy, and what does not is put together: neither may be seen in the bytes.
        var random = new Random(7);
        var contents = Enumerable.Range(0, 90).Select(i =>
        {
            var content = new byte[i % 10 == 0 ? i : random.Next(1, 400_000)];
            random.NextBytes(content);
            return content;
        }).ToList();
        contents.Insert(40, contents[3]);
        var blobs = await PackAsync(contents);

        for (var i = 0; i < contents.Count; i++)
        {
            Assert.Equal(contents[i], await Blobs.ReadAsync(blobs[i].Blob));
        }
    }

    [Fact]
    public async Task What_two_writers_pack_at_once_lies_in_the_first_ones_pack_and_the_second_says_so()
    {
        var same = Bytes();
        await using var first = Blobs.CreatePack();
        await using var second = Blobs.CreatePack();
        var blob = await first.AddAsync(same);
        await second.AddAsync(same);
        for (var i = 0; i < 5; i++)
        {
            // More than is held in memory: the second has asked what is known before the first says that it is.
            await second.AddAsync(RandomNumberGenerator.GetBytes(BlobStore.PackedBelow - 1));
        }

        await first.CompleteAsync();
        await second.CompleteAsync();

        Assert.Empty(first.Elsewhere);
        Assert.Equal([blob.Blob], second.Elsewhere);
        Assert.Equal(same, await Blobs.ReadAsync(blob.Blob));
    }

    private static DateTimeOffset Future => TimeProvider.System.GetUtcNow().AddMinutes(1);

    private static byte[] Bytes() => Encoding.UTF8.GetBytes(Guid.NewGuid().ToString());

    private int Packs() => Directory.Exists(Path.Combine(node.Folder, "blobs", "packs"))
        ? Directory.GetFiles(Path.Combine(node.Folder, "blobs", "packs"), "*", SearchOption.AllDirectories).Length
        : 0;

    private async Task<List<BlobRef>> PackAsync(IEnumerable<byte[]> contents)
    {
        var blobs = new List<BlobRef>();
        await using var writer = Blobs.CreatePack();
        foreach (var content in contents)
        {
            blobs.Add(await writer.AddAsync(content));
        }

        await writer.CompleteAsync();
        return blobs;
    }
}
