using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Training;

/// <summary>Changes encoded training rows at random. What happens to a row is a function of seed, epoch and row.</summary>
internal sealed class Augmentation
{
    /// <summary>Tells the numbers drawn here from those that blocks draw with the same keys.</summary>
    private const ulong OfRow = 0xA06A_0001;
    private const ulong OfPartner = 0xA06A_0002;
    private const ulong OfBatch = 0xA06A_0003;

    private readonly AugmentSpec _spec;
    private readonly ImagePipeline? _image;
    private readonly long _seed;

    private Augmentation(AugmentSpec spec, ImagePipeline? image, long seed) => (_spec, _image, _seed) = (spec, image, seed);

    public bool Mixes => _spec.Mixup is not null;

    /// <exception cref="InvalidException">The rows are nothing it could change.</exception>
    public static Augmentation? For(TrainingSpec spec, Pipeline pipeline)
    {
        if (spec.Augment is not { } augment)
        {
            return null;
        }

        var image = pipeline as ImagePipeline;
        if (image is null && augment with { Mixup = null } != new AugmentSpec())
        {
            throw new InvalidException("augment changes images, and the rows are none. Take out all of it but mixup, or set input.kind to 'image'.");
        }

        if (augment.Mixup is not null && pipeline.ElementType is not TensorElementType.Fp32)
        {
            throw new InvalidException("augment.mixup mixes numbers, and the rows are tokens. Take it out.");
        }

        return new Augmentation(augment, image, spec.Seed);
    }

    /// <summary>Another training row to mix this one with.</summary>
    public long Partner(int epoch, long sample, long rows) =>
        (long)new Xoshiro(SampleKeys.Of(SampleKeys.Of(_seed, epoch, sample), OfPartner)).Next((ulong)rows);

    /// <summary>What part of each row of a batch is its own, the rest its partner's: Beta(mixup, mixup) by Jöhnk's method.</summary>
    public double Share(int epoch, long batch)
    {
        var random = new Xoshiro(SampleKeys.Of(SampleKeys.Of(_seed, epoch, batch), OfBatch));
        while (true)
        {
            var own = Math.Pow(random.NextDouble(), 1 / _spec.Mixup!.Value);
            var other = Math.Pow(random.NextDouble(), 1 / _spec.Mixup!.Value);
            if (own + other is > 0 and <= 1)
            {
                return own / (own + other);
            }
        }
    }

    /// <summary>Changes an image [channels, height, width].</summary>
    /// <param name="values">The image.</param>
    /// <param name="room">As long, for its use.</param>
    public void Change(int epoch, long sample, Span<float> values, Span<float> room)
    {
        if (_image is null)
        {
            return;
        }

        var random = new Xoshiro(SampleKeys.Of(SampleKeys.Of(_seed, epoch, sample), OfRow));
        var (height, width, plane) = (_image.Height, _image.Width, _image.Height * _image.Width);
        var left = Whole(random, _spec.Crop ?? 0);
        var top = Whole(random, _spec.Crop ?? 0);
        var mirrored = _spec.FlipHorizontal is true && random.Next(2) == 1;
        var turned = _spec.FlipVertical is true && random.Next(2) == 1;
        var angle = Even(random, _spec.Rotate ?? 0) * Math.PI / 180;
        if (angle != 0 || left != 0 || top != 0 || mirrored || turned)
        {
            values.CopyTo(room);
            for (var channel = 0; channel < _image.Channels; channel++)
            {
                var from = room.Slice(channel * plane, plane);
                var to = values.Slice(channel * plane, plane);
                if (angle == 0)
                {
                    Move(from, to, height, width, left, top, mirrored, turned);
                }
                else
                {
                    Turn(from, to, height, width, left, top, mirrored, turned, angle);
                }
            }
        }

        Shade(values, 1 + Even(random, _spec.Contrast ?? 0), Even(random, _spec.Brightness ?? 0));
    }

    /// <summary>Mixes a row with another.</summary>
    public static void Mix(Span<float> values, ReadOnlySpan<float> partner, double share)
    {
        var (own, other) = ((float)share, (float)(1 - share));
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = (values[index] * own) + (partner[index] * other);
        }
    }

    private static void Move(ReadOnlySpan<float> from, Span<float> to, int height, int width, int left, int top, bool mirrored, bool turned)
    {
        for (var y = 0; y < height; y++)
        {
            var row = (turned ? height - 1 - y : y) + top;
            for (var x = 0; x < width; x++)
            {
                var column = (mirrored ? width - 1 - x : x) + left;
                to[(y * width) + x] = (uint)row < (uint)height && (uint)column < (uint)width ? from[(row * width) + column] : 0;
            }
        }
    }

    /// <summary>Each pixel is what lies where it came from, between the four pixels around.</summary>
    private static void Turn(ReadOnlySpan<float> from, Span<float> to, int height, int width, int left, int top, bool mirrored, bool turned, double angle)
    {
        var (sine, cosine) = ((float)Math.Sin(angle), (float)Math.Cos(angle));
        var (middleX, middleY) = ((width - 1) / 2f, (height - 1) / 2f);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (across, down) = ((mirrored ? width - 1 - x : x) + left - middleX, (turned ? height - 1 - y : y) + top - middleY);
                var (column, row) = ((cosine * across) + (sine * down) + middleX, (cosine * down) - (sine * across) + middleY);
                var (x0, y0) = ((int)MathF.Floor(column), (int)MathF.Floor(row));
                var (right, below) = (column - x0, row - y0);
                to[(y * width) + x] =
                    (((Pixel(from, height, width, y0, x0) * (1 - right)) + (Pixel(from, height, width, y0, x0 + 1) * right)) * (1 - below))
                    + (((Pixel(from, height, width, y0 + 1, x0) * (1 - right)) + (Pixel(from, height, width, y0 + 1, x0 + 1) * right)) * below);
            }
        }
    }

    private static float Pixel(ReadOnlySpan<float> image, int height, int width, int y, int x) =>
        (uint)y < (uint)height && (uint)x < (uint)width ? image[(y * width) + x] : 0;

    private static void Shade(Span<float> values, double contrast, double brightness)
    {
        if (contrast == 1 && brightness == 0)
        {
            return;
        }

        var mean = 0.0;
        foreach (var value in values)
        {
            mean += value;
        }

        mean /= values.Length;
        var (factor, shift) = ((float)contrast, (float)(mean - (mean * contrast) + brightness));
        foreach (ref var value in values)
        {
            value = (value * factor) + shift;
        }
    }

    /// <summary>Evenly from minus to plus a bound.</summary>
    private static double Even(Xoshiro random, double bound) => bound == 0 ? 0 : ((random.NextDouble() * 2) - 1) * bound;

    private static int Whole(Xoshiro random, int bound) => bound == 0 ? 0 : (int)random.Next((ulong)((2 * bound) + 1)) - bound;
}
