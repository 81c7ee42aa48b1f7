using SkiaSharp;

namespace OrleansDL.Pipelines;

/// <summary>Decodes PNG and JPEG files (and what else Skia reads) to planes of numbers.</summary>
internal static class ImageFile
{
    /// <summary>An image of more pixels is refused before a byte of it is decoded.</summary>
    private const long GreatestPixels = 100_000_000;

    public static void Decode(ReadOnlySpan<byte> file, int height, int width, int channels, float divisor, Span<float> target, Func<string> where)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = Open(data, where);
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        using var whole = SKBitmap.Decode(codec, info) ?? throw new InvalidException($"{where()} is a damaged image.");
        if (whole.Height == height && whole.Width == width)
        {
            Copy(whole, channels, divisor, target);
            return;
        }

        using var resized = whole.Resize(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear))
            ?? throw new InvalidException($"{where()} could not be resized to {width}x{height}.");
        Copy(resized, channels, divisor, target);
    }

    /// <summary>Height, width and colour channels (1 or 3) of a file, without decoding it.</summary>
    public static (int Height, int Width, int Channels) Measure(ReadOnlySpan<byte> file, Func<string> where)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = Open(data, where);
        return (codec.Info.Height, codec.Info.Width, codec.Info.ColorType is SKColorType.Gray8 ? 1 : 3);
    }

    private static SKCodec Open(SKData data, Func<string> where)
    {
        var codec = SKCodec.Create(data) ?? throw new InvalidException($"{where()} is no image that can be read. Give PNG or JPEG files.");
        return (long)codec.Info.Width * codec.Info.Height <= GreatestPixels
            ? codec
            : throw new InvalidException($"{where()} has {codec.Info.Width}x{codec.Info.Height} pixels; {GreatestPixels} are the most. Make the image smaller.");
    }

    private static void Copy(SKBitmap bitmap, int channels, float divisor, Span<float> target)
    {
        var pixels = bitmap.GetPixelSpan();
        var plane = bitmap.Width * bitmap.Height;
        for (var pixel = 0; pixel < plane; pixel++)
        {
            var (red, green, blue) = (pixels[pixel * 4], pixels[(pixel * 4) + 1], pixels[(pixel * 4) + 2]);
            if (channels == 1)
            {
                // Brightness by ITU-R BT.601; a grey pixel keeps its value exactly.
                target[pixel] = (red == green && green == blue ? red : (0.299f * red) + (0.587f * green) + (0.114f * blue)) / divisor;
            }
            else
            {
                target[pixel] = red / divisor;
                target[plane + pixel] = green / divisor;
                target[(2 * plane) + pixel] = blue / divisor;
            }
        }
    }
}
