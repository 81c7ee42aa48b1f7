using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

public sealed class AppendedFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Pieces_of_any_size_from_anywhere_lie_in_the_file_as_they_came(int seed)
    {
        var random = new Random(seed);
        var content = new byte[random.Next(3_000_000, 4_000_000)];
        random.NextBytes(content);
        var path = Path.Combine(_folder, $"file-{seed}");
        var written = 0;
        using var aligned = AlignedBuffer.Rent();
        while (written < content.Length)
        {
            // As after a connection was lost: it goes on where the file ends.
            using var file = new AppendedFile(path, create: written == 0, written);
            for (var pieces = random.Next(1, 9); pieces > 0 && written < content.Length; pieces--)
            {
                var piece = content.AsSpan(written, Math.Min(content.Length - written, random.Next(4) switch
                {
                    0 => AlignedBuffer.Size,
                    1 => AlignedBuffer.Block * random.Next(1, 100),
                    _ => random.Next(1, 300_000),
                }));
                if (random.Next(2) == 0)
                {
                    piece.CopyTo(aligned.Span);
                    piece = aligned.Span[..piece.Length];
                }

                file.Append(piece);
                written += piece.Length;
                Assert.Equal(written, file.Length);
            }

            file.Flush();
            file.Sync();
            Assert.Equal(written, file.Written);
        }

        Assert.Equal(content, File.ReadAllBytes(path));
    }

    [Fact]
    public void What_was_not_flushed_is_thrown_away()
    {
        var path = Path.Combine(_folder, "file");
        using (var file = new AppendedFile(path, create: true))
        {
            file.Append([1, 2, 3]);
            file.Flush();
            file.Append([4]);
        }

        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
