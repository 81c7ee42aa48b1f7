using System.Formats.Tar;
using System.IO.Compression;
using SkiaSharp;

namespace OrleansDL.Tests.Datasets;

/// <summary>Real images and archives of them.</summary>
internal static class Pictures
{
    public static byte[] Png(byte shade)
    {
        using var bitmap = new SKBitmap(8, 8, SKColorType.Rgba8888, SKAlphaType.Opaque);
        bitmap.Erase(new SKColor(shade, shade, shade));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 90);
        return data.ToArray();
    }

    public static byte[] Tar(params (string Path, byte[] Bytes)[] files) =>
        Tar(files.Select(file => (TarEntry)new PaxTarEntry(TarEntryType.RegularFile, file.Path) { DataStream = new MemoryStream(file.Bytes) }));

    public static byte[] Tar(IEnumerable<TarEntry> entries)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                tar.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Zip(params (string Path, byte[] Bytes)[] files)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, bytes) in files)
            {
                using var entry = zip.CreateEntry(path).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }
}
