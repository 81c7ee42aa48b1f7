using OrleansDL.Collectives;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Mean and variance of each channel over the rows of all ranks.</summary>
/// <param name="Mean">[channels].</param>
/// <param name="Variance">[channels], divided by the number of values.</param>
/// <param name="Inverse">[channels]: one over the deviation.</param>
/// <param name="Count">Values per channel.</param>
internal sealed record Moments(Tensor Mean, Tensor Variance, Tensor Inverse, double Count)
{
    /// <param name="input">This rank's rows, [batch, channels, ...].</param>
    /// <param name="counts">Whether they count: a rank without rows of its own computes with one that does not.</param>
    public static Moments Of(Tensor input, bool counts, double epsilon, IGradientExchange exchange)
    {
        var channels = (int)input.shape[1];
        var values = counts ? (double)input.numel() / channels : 0;
        var mean = Numbers(input.mean(Others(input)));
        var sums = new double[channels + 1];
        sums[channels] = values;
        for (var channel = 0; channel < channels; channel++)
        {
            sums[channel] = values * mean[channel];
        }

        exchange.Sum(sums);
        var count = sums[channels];

        // Around the common mean, not by the difference of two great sums: that would lose the digits that matter.
        var common = sums.AsSpan(0, channels).ToArray().Select(sum => (float)(sum / count)).ToArray();
        var shared = tensor(common, device: input.device);
        var squares = Numbers((input - shared.view(Broadcast(input))).square().mean(Others(input))).Select(square => square * values).ToArray();
        exchange.Sum(squares);
        var variance = tensor(squares.Select(square => (float)(square / count)).ToArray(), device: input.device);
        return new Moments(shared, variance, (variance + epsilon).rsqrt(), count);
    }

    /// <summary>Adds up two rows of numbers over all ranks.</summary>
    public static Tensor[] Sum(IGradientExchange exchange, Tensor first, Tensor second)
    {
        double[] sums = [.. Numbers(first), .. Numbers(second)];
        exchange.Sum(sums);
        var width = sums.Length / 2;
        return [.. new[] { sums[..width], sums[width..] }.Select(half => tensor(half.Select(value => (float)value).ToArray(), device: first.device))];
    }

    /// <summary>Every axis but the channels'.</summary>
    public static long[] Others(Tensor input) => [.. Enumerable.Range(0, input.shape.Length).Where(axis => axis != 1).Select(axis => (long)axis)];

    /// <summary>Shape in which one number per channel meets the input.</summary>
    public static long[] Broadcast(Tensor input) => [.. Enumerable.Range(0, input.shape.Length).Select(axis => axis == 1 ? input.shape[1] : 1)];

    private static double[] Numbers(Tensor values) => [.. values.detach().to_type(ScalarType.Float64).cpu().contiguous().data<double>()];
}
