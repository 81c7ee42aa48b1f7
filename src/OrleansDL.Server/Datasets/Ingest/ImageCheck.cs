using OrleansDL.Datasets.Manifests;
using SkiaSharp;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Tells whether bytes are an image we can train on, from its header alone.</summary>
internal static class ImageCheck
{
    /// <exception cref="InvalidException">It is no image, or too large.</exception>
    public static void Check(byte[] bytes, string path, IngestLimits limits)
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data);
        if (codec is null)
        {
            throw new InvalidException($"'{EntryPath.Shorten(path)}' is no image (PNG, JPEG, GIF, BMP and WebP are read). Leave it out, or commit to a dataset of kind files.");
        }

        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width <= 0 || height <= 0 || (long)width * height > limits.MaximumImagePixels)
        {
            throw new InvalidException(
                $"The image '{EntryPath.Shorten(path)}' has {width} x {height} pixels; at most {limits.MaximumImagePixels} are allowed. Scale it down, or raise Datasets:MaximumImagePixels.");
        }
    }
}
