using System.Text;
using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

/// <summary>The bytes of packs and checksums as they were first written. These files are never edited: a test that fails here has found a break of every store.</summary>
public sealed class BlobGoldenTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "blobs");

    [Fact]
    public void A_pack_has_the_bytes_it_always_had_and_is_read_without_a_database()
    {
        using var folder = new TempDirectory();
        var path = Path.Combine(folder.Path, "pack");
        using var file = new PackFile(path);
        foreach (var text in (string[])["one", "", "three"])
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            file.Add(BlobId.FromHash(System.Security.Cryptography.SHA256.HashData(bytes)), bytes);
        }

        var (pack, length) = file.End();
        Assert.Equal(Golden("pack.bin"), File.ReadAllBytes(path));

        var stored = Golden("pack.bin");
        var footer = PackFormat.ReadFooter(stored.AsSpan(^PackFormat.FooterBytes), stored.Length);
        Assert.Equal((pack, 3, length), (footer!.Value.Pack, footer.Value.Count, (long)stored.Length));
        Assert.Equal(file.Entries, PackFormat.ReadIndex(stored.AsSpan((int)footer.Value.Position, 3 * PackFormat.EntryBytes), pack));
    }

    [Fact]
    public void Checksums_have_the_bytes_they_always_had()
    {
        var blob = new byte[BlobSums.BlockBytes + 3];
        blob.AsSpan().Fill(7);
        var builder = new BlobSumsBuilder();
        builder.Append(blob);
        Assert.Equal(Golden("sums.bin"), builder.Finish().ToBytes());
        Assert.True(BlobSums.Read(Golden("sums.bin"), blob.Length)!.Match(1, blob.AsSpan(BlobSums.BlockBytes)));
    }

    private static byte[] Golden(string name) => File.ReadAllBytes(Path.Combine(Folder, name));
}
