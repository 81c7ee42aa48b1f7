using System.IO.Compression;
using OrleansDL.Datasets;

namespace OrleansDL.Tests.RealData;

/// <summary>Images and labels of Fashion-MNIST, from Debian's dataset-fashion-mnist, which tests/run installs.</summary>
internal static class Fashion
{
    private const string Folder = "/usr/share/datasets/fashion-mnist";
    private const int Pixels = 784;

    public static Column[] Schema { get; } =
        [new() { Name = "image", Type = ColumnType.Tensor, Tensor = "uint8[28,28]" }, new() { Name = "label", Type = ColumnType.Int64 }];

    /// <param name="part"><c>train</c> (60,000 rows) or <c>t10k</c> (10,000).</param>
    public static IEnumerable<object?[]> Rows(string part)
    {
        var (images, labels) = (Read($"{part}-images-idx3-ubyte.gz")[16..], Read($"{part}-labels-idx1-ubyte.gz")[8..]);
        return labels.Select((label, row) => (object?[])[images[(row * Pixels)..((row + 1) * Pixels)], (long)label]);
    }

    private static byte[] Read(string name)
    {
        var path = Path.Combine(Folder, name);
        Assert.True(File.Exists(path), $"There is no '{path}'. Run 'apt-get install dataset-fashion-mnist', or tests/run, which does.");
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
