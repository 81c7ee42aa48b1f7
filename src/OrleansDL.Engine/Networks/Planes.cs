using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>What batch normalisation over several ranks needs of [batch, channels, plane] in the processor's memory, each in one passage: made of tensors,
/// it would write and read every intermediate result, and two ranks took a fifth longer than one for its half of the rows.</summary>
/// <remarks>Within a plane sums are of 32 bits, from plane to plane of 64. They are made in one order, given the number of threads.</remarks>
internal static unsafe class Planes
{
    private const int LeastPlane = 16;

    private delegate void Visit(int part, int channel, int start);

    /// <summary>Whether a tensor is of this kind, with planes that are worth it.</summary>
    public static bool Suit(Tensor values) =>
        values.device_type is DeviceType.CPU && values.dtype is ScalarType.Float32 && values.Dimensions >= 3 && values.is_contiguous() && Plane(values) >= LeastPlane;

    /// <summary>Sum and sum of squares of each channel. Squares are taken around each plane's own mean first, so that no digits are lost to a great mean.</summary>
    /// <returns>Sums and, behind them, sums of squares: 2 x channels.</returns>
    public static double[] Sums(Tensor input)
    {
        var (channels, plane) = ((int)input.shape[1], Plane(input));
        var sums = new Parts(input, channels);
        var all = Floats(input);
        ForEach(input, sums.Count, (part, channel, start) =>
        {
            var values = new ReadOnlySpan<float>(all + start, plane);
            double sum = Sum(values);
            var deviations = Deviations(values, (float)(sum / plane));
            var own = sums[part];
            own[channel] += sum;
            own[channels + channel] += deviations + (sum * sum / plane);
        });
        return sums.Total();
    }

    /// <summary>Of each channel the sum of an output's gradient, and of its products with the normalised input.</summary>
    /// <returns>2 x channels.</returns>
    public static double[] Products(Tensor input, Tensor gradient, float[] mean, float[] inverse)
    {
        var (channels, plane) = ((int)input.shape[1], Plane(input));
        var sums = new Parts(input, channels);
        float* inputs = Floats(input), gradients = Floats(gradient);
        ForEach(input, sums.Count, (part, channel, start) =>
        {
            var (sum, product) = Products(new(inputs + start, plane), new(gradients + start, plane), mean[channel]);
            var own = sums[part];
            own[channel] += sum;
            own[channels + channel] += (double)product * inverse[channel];
        });
        return sums.Total();
    }

    /// <summary><c>gradient * scale - (input - mean) * slope - offset</c>, with four numbers per channel.</summary>
    public static Tensor Bent(Tensor input, Tensor gradient, float[] scale, float[] mean, float[] slope, float[] offset)
    {
        var plane = Plane(input);
        var bent = empty_like(input);
        float* inputs = Floats(input), gradients = Floats(gradient), results = Floats(bent);
        ForEach(input, Count(input), (_, channel, start) =>
            Bend(
                new(inputs + start, plane), new(gradients + start, plane), new(results + start, plane),
                scale[channel], mean[channel], slope[channel], offset[channel]));
        return bent;
    }

    private static int Count(Tensor values) => (int)Math.Clamp(get_num_threads(), 1, Math.Max(1, values.shape[0]));

    private static int Plane(Tensor values) => (int)values.shape.Skip(2).Aggregate(1L, (product, length) => product * length);

    // Native memory, which stays where it is as long as the tensor is there.
    private static float* Floats(Tensor values) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values.bytes));

    // Each thread has a share of the rows; within it channels take turns.
    private static void ForEach(Tensor values, int parts, Visit visit)
    {
        var (rows, channels, plane) = (values.shape[0], (int)values.shape[1], Plane(values));
        if (parts == 1)
        {
            Share(0);
        }
        else
        {
            Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = parts }, Share);
        }

        void Share(int part)
        {
            for (var row = rows * part / parts; row < rows * (part + 1) / parts; row++)
            {
                for (var channel = 0; channel < channels; channel++)
                {
                    visit(part, channel, checked((int)(((row * channels) + channel) * plane)));
                }
            }
        }
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var (first, second) = (Vector<float>.Zero, Vector<float>.Zero);
        var i = 0;
        for (; i + 1 < vectors.Length; i += 2)
        {
            first += vectors[i];
            second += vectors[i + 1];
        }

        var sum = i < vectors.Length ? Vector.Sum(first + second + vectors[i]) : Vector.Sum(first + second);
        foreach (var value in values[(vectors.Length * Vector<float>.Count)..])
        {
            sum += value;
        }

        return sum;
    }

    private static float Deviations(ReadOnlySpan<float> values, float mean)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var (means, first, second) = (new Vector<float>(mean), Vector<float>.Zero, Vector<float>.Zero);
        var i = 0;
        for (; i + 1 < vectors.Length; i += 2)
        {
            var (one, two) = (vectors[i] - means, vectors[i + 1] - means);
            first += one * one;
            second += two * two;
        }

        var last = i < vectors.Length ? vectors[i] - means : Vector<float>.Zero;
        var sum = Vector.Sum(first + second + (last * last));
        foreach (var value in values[(vectors.Length * Vector<float>.Count)..])
        {
            sum += (value - mean) * (value - mean);
        }

        return sum;
    }

    private static (float Sum, float Product) Products(ReadOnlySpan<float> input, ReadOnlySpan<float> gradient, float mean)
    {
        var inputs = MemoryMarshal.Cast<float, Vector<float>>(input);
        var gradients = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        var (means, sums, products) = (new Vector<float>(mean), Vector<float>.Zero, Vector<float>.Zero);
        for (var i = 0; i < gradients.Length && i < inputs.Length; i++)
        {
            sums += gradients[i];
            products += gradients[i] * (inputs[i] - means);
        }

        var (sum, product) = (Vector.Sum(sums), Vector.Sum(products));
        for (var i = inputs.Length * Vector<float>.Count; i < input.Length; i++)
        {
            sum += gradient[i];
            product += gradient[i] * (input[i] - mean);
        }

        return (sum, product);
    }

    private static void Bend(ReadOnlySpan<float> input, ReadOnlySpan<float> gradient, Span<float> bent, float scale, float mean, float slope, float offset)
    {
        var inputs = MemoryMarshal.Cast<float, Vector<float>>(input);
        var gradients = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        var results = MemoryMarshal.Cast<float, Vector<float>>(bent);
        var (scales, means, slopes, offsets) = (new Vector<float>(scale), new Vector<float>(mean), new Vector<float>(slope), new Vector<float>(offset));
        for (var i = 0; i < results.Length && i < inputs.Length && i < gradients.Length; i++)
        {
            results[i] = (gradients[i] * scales) - ((inputs[i] - means) * slopes) - offsets;
        }

        for (var i = inputs.Length * Vector<float>.Count; i < input.Length; i++)
        {
            bent[i] = (gradient[i] * scale) - ((input[i] - mean) * slope) - offset;
        }
    }

    // What each thread adds up for itself, put together in the order of the threads.
    private sealed class Parts(Tensor input, int channels)
    {
        private readonly double[][] _parts = [.. Enumerable.Range(0, Planes.Count(input)).Select(_ => new double[2 * channels])];

        public int Count => _parts.Length;

        public double[] this[int part] => _parts[part];

        public double[] Total()
        {
            var total = _parts[0];
            foreach (var part in _parts.AsSpan(1))
            {
                for (var i = 0; i < total.Length; i++)
                {
                    total[i] += part[i];
                }
            }

            return total;
        }
    }
}
