using System.Runtime.InteropServices;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;
using SkiaSharp;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Tells whether bytes are an image we can train on, and what it looks like.</summary>
internal static class ImageCheck
{
    // JPEG and WebP are decoded no larger than this: the mean of a channel hardly follows from more.
    private const int Side = 256;

    /// <summary>Formats that only decode at full size cost as much as an image of so many pixels, on average: larger ones are looked at more seldom.</summary>
    private const long LookedAtPixels = 1 << 20;

    /// <summary>Of even larger ones no pixel is looked at.</summary>
    private const long MostPixels = 1 << 24;

    /// <summary>Checks the header alone.</summary>
    /// <exception cref="InvalidException">It is no image, or too large.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, string path, IngestLimits limits) => Open(bytes, path, limits).Dispose();

    /// <summary>Checks an image and finds its size, and its channels' means from pixels decoded at a scale that is small where the format allows it.</summary>
    /// <exception cref="InvalidException">It is no image, or too large.</exception>
    public static ImageFacts Look(ReadOnlySpan<byte> bytes, string path, IngestLimits limits)
    {
        using var codec = Open(bytes, path, limits);
        var facts = new ImageFacts { Width = codec.Info.Width, Height = codec.Info.Height };
        var size = codec.GetScaledDimensions(Math.Min(1f, (float)Side / Math.Max(facts.Width, facts.Height)));
        var pixels = (long)size.Width * size.Height;

        // Which of the large images are looked at follows from their bytes, so that it is the same wherever they come in.
        if (pixels > MostPixels || (pixels > LookedAtPixels && ValueHash.Of(bytes) % (ulong)(pixels / LookedAtPixels) != 0))
        {
            return facts;
        }

        using var picture = new SKBitmap(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        return codec.GetPixels(picture.Info, picture.GetPixels()) == SKCodecResult.Success ? WithMeans(facts, picture.GetPixelSpan()) : facts;
    }

    private static ImageFacts WithMeans(ImageFacts facts, ReadOnlySpan<byte> rgba)
    {
        var (red, green, blue) = (0L, 0L, 0L);
        var pixels = MemoryMarshal.Cast<byte, uint>(rgba);
        foreach (var pixel in pixels)
        {
            red += pixel & 0xFF;
            green += (pixel >> 8) & 0xFF;
            blue += (pixel >> 16) & 0xFF;
        }

        return facts with { Red = Mean(red, pixels.Length), Green = Mean(green, pixels.Length), Blue = Mean(blue, pixels.Length) };
    }

    private static int Mean(long sum, long pixels) => (int)(((sum * 1000) + (255 * pixels / 2)) / (255 * pixels));

    private static SKCodec Open(ReadOnlySpan<byte> bytes, string path, IngestLimits limits)
    {
        var codec = SKCodec.Create(SKData.CreateCopy(bytes)) ?? throw new InvalidException(
            $"'{EntryPath.Shorten(path)}' is no image (PNG, JPEG, GIF, BMP and WebP are read). Leave it out, or commit to a dataset of kind files.");
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width <= 0 || height <= 0 || (long)width * height > limits.MaximumImagePixels)
        {
            codec.Dispose();
            throw new InvalidException(
                $"The image '{EntryPath.Shorten(path)}' has {width} x {height} pixels; at most {limits.MaximumImagePixels} are allowed. Scale it down, or raise Datasets:MaximumImagePixels.");
        }

        return codec;
    }
}
