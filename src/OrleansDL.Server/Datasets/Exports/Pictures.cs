using OrleansDL.Datasets.Formats;
using SkiaSharp;

namespace OrleansDL.Datasets.Exports;

/// <summary>Pictures of rows: image files, and tensors that look like images.</summary>
internal static class Pictures
{
    // What must be decoded whole takes four bytes a pixel.
    private const long MaximumPixels = 32_000_000;

    /// <summary>Height, width and channels of a tensor that can be shown: <c>uint8[h,w]</c>, <c>[h,w,c]</c> or <c>[c,h,w]</c> with 1, 3 or 4 channels.</summary>
    public static (int Height, int Width, int Channels, bool ChannelsFirst)? Layout(Column column) => column.Tensor is null || !column.Tensor.StartsWith("uint8[", StringComparison.Ordinal)
        ? null
        : TensorType.Parse(column.Tensor).Shape switch
        {
            [var height, var width] => (height, width, 1, false),
            [var height, var width, (1 or 3 or 4) and var channels] => (height, width, channels, false),
            [(1 or 3 or 4) and var channels, var height, var width] => (height, width, channels, true),
            _ => null,
        };

    /// <summary>A PNG of at most so many pixels a side; small pictures stay as they are.</summary>
    /// <exception cref="InvalidException">The bytes are no picture, or too large a one.</exception>
    public static byte[] Thumbnail(Column column, byte[] bytes, int size)
    {
        using var picture = column.Type == ColumnType.Image ? Decode(bytes, size) : Tensor(Layout(column)!.Value, bytes);
        var scale = Math.Min(1.0, (double)size / Math.Max(picture.Width, picture.Height));
        if (scale == 1)
        {
            return Encode(picture);
        }

        using var small = picture.Resize(
            new SKImageInfo(Math.Max(1, (int)Math.Round(picture.Width * scale)), Math.Max(1, (int)Math.Round(picture.Height * scale))), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return Encode(small);
    }

    /// <summary>A tensor as PNG, pixel by pixel.</summary>
    public static byte[] Png(Column column, byte[] bytes)
    {
        using var picture = Tensor(Layout(column)!.Value, bytes);
        return Encode(picture);
    }

    private static SKBitmap Decode(byte[] bytes, int size)
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data) ?? throw new InvalidException("The row's value is no image.");
        var least = Math.Min(1f, (float)size / Math.Max(codec.Info.Width, codec.Info.Height));
        var scaled = codec.GetScaledDimensions(least);
        if ((long)scaled.Width * scaled.Height > MaximumPixels)
        {
            throw new InvalidException($"The image has {codec.Info.Width} x {codec.Info.Height} pixels; thumbnails are made of up to {MaximumPixels}. Download the file instead.");
        }

        var picture = new SKBitmap(new SKImageInfo(scaled.Width, scaled.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        if (codec.GetPixels(picture.Info, picture.GetPixels()) is not (SKCodecResult.Success or SKCodecResult.IncompleteInput))
        {
            picture.Dispose();
            throw new InvalidException("The image's pixels cannot be decoded. Download the file to look into it.");
        }

        return picture;
    }

    private static SKBitmap Tensor((int Height, int Width, int Channels, bool ChannelsFirst) layout, byte[] bytes)
    {
        var (height, width, channels, first) = layout;
        if ((long)height * width > MaximumPixels)
        {
            throw new InvalidException($"The tensor has {height} x {width} pixels; thumbnails are made of up to {MaximumPixels}.");
        }

        var picture = new SKBitmap(new SKImageInfo(width, height, channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888, channels == 4 ? SKAlphaType.Unpremul : SKAlphaType.Opaque));
        var pixels = picture.GetPixelSpan();
        for (var pixel = 0; pixel < height * width; pixel++)
        {
            if (channels == 1)
            {
                pixels[((pixel / width) * picture.RowBytes) + (pixel % width)] = bytes[pixel];
                continue;
            }

            var at = ((pixel / width) * picture.RowBytes) + (pixel % width * 4);
            for (var channel = 0; channel < 4; channel++)
            {
                pixels[at + channel] = channel >= channels ? byte.MaxValue : bytes[first ? (channel * height * width) + pixel : (pixel * channels) + channel];
            }
        }

        return picture;
    }

    private static byte[] Encode(SKBitmap picture)
    {
        using var data = picture.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
