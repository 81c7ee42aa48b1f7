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
        var sums = new double[(2 * channels) + 1];
        if (counts)
        {
            (Planes.Suit(input) ? Planes.Sums(input) : Sums(input)).CopyTo(sums, 0);
            sums[^1] = (double)input.numel() / channels;
        }

        exchange.Sum(sums);

        // Squares are taken around means of each rank's own, and put together in doubles: the difference of two great sums of floats would lose the digits that matter.
        var count = sums[^1];
        var common = Enumerable.Range(0, channels).Select(channel => sums[channel] / count).ToArray();
        var variance = Enumerable.Range(0, channels).Select(channel => Math.Max(0, (sums[channels + channel] / count) - (common[channel] * common[channel])));
        var (shared, spread) = (Floats(common, input.device), Floats(variance, input.device));
        return new Moments(shared, spread, spread.add(Held(epsilon), Held(1)).rsqrt(), count);
    }

    /// <summary>Adds up two rows of numbers over all ranks.</summary>
    public static Tensor[] Sum(IGradientExchange exchange, Tensor first, Tensor second)
    {
        double[] sums = [.. Numbers(first), .. Numbers(second)];
        exchange.Sum(sums);
        var width = sums.Length / 2;
        return [Floats(sums[..width], first.device), Floats(sums[width..], first.device)];
    }

    // Sum and sum of squares of each channel, made of tensors.
    private static double[] Sums(Tensor input)
    {
        var (channels, others) = ((int)input.shape[1], Others(input));
        var values = (double)input.numel() / channels;
        var local = input.mean(others);
        var (mean, square) = (Numbers(local), Numbers((input - local.view(Broadcast(input))).pow_(Held(2)).mean(others)));
        return [.. mean.Select(value => values * value), .. square.Select((value, channel) => values * (value + (mean[channel] * mean[channel])))];
    }

    /// <summary>Every axis but the channels'.</summary>
    private static long[] Others(Tensor input) => [.. Enumerable.Range(0, input.shape.Length).Where(axis => axis != 1).Select(axis => (long)axis)];

    /// <summary>Shape in which one number per channel meets the input.</summary>
    public static long[] Broadcast(Tensor input) => [.. Enumerable.Range(0, input.shape.Length).Select(axis => axis == 1 ? input.shape[1] : 1)];

    /// <summary>Numbers as a tensor of 32 bits.</summary>
    public static Tensor Floats(IEnumerable<double> values, Device device) => tensor(values.Select(value => (float)value).ToArray(), device: device);

    private static double[] Numbers(Tensor values) => [.. values.detach().to_type(ScalarType.Float64).cpu().contiguous().data<double>()];
}
