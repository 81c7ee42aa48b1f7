using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Networks;

public sealed class PlanesTests
{
    [Theory]
    [InlineData(4, 4, 1)]
    [InlineData(5, 7, 1)]
    [InlineData(9, 13, 2)]
    public void Sums_of_planes_are_those_of_tensors_in_64_bits_however_far_the_mean_is_from_zero(long height, long width, int threads)
    {
        OrleansDL.Native.TorchLibrary.Load();
        var before = get_num_threads();
        set_num_threads(threads);
        try
        {
            using var scope = NewDisposeScope();
            manual_seed(1);
            var (input, gradient) = (randn(6, 3, height, width) + tensor(new float[] { 0, -2, 300 }).view(1, 3, 1, 1), randn(6, 3, height, width));
            Assert.True(Planes.Suit(input));
            var (exact, exactGradient) = (input.to_type(ScalarType.Float64), gradient.to_type(ScalarType.Float64));
            long[] others = [0, 2, 3];
            Near(cat([exact.sum(others), exact.square().sum(others)]), Planes.Sums(input), 1e-6);

            var (mean, inverse) = (exact.mean(others), exact.var(others).rsqrt());
            float[] means = Floats(mean), inverses = Floats(inverse);
            var normal = (exact - mean.view(1, 3, 1, 1)) * inverse.view(1, 3, 1, 1);
            Near(cat([exactGradient.sum(others), (exactGradient * normal).sum(others)]), Planes.Products(input, gradient, means, inverses), 1e-3);

            float[] scale = [2, 3, 4], slope = [0.5f, -1, 2], offset = [1, 2, 3];
            var bent = (exactGradient * Wide(scale)) - ((exact - mean.view(1, 3, 1, 1)) * Wide(slope)) - Wide(offset);
            Near(bent.flatten(), [.. Planes.Bent(input, gradient, scale, means, slope, offset).flatten().to_type(ScalarType.Float64).data<double>()], 1e-3);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    private static Tensor Wide(float[] values) => tensor(values).to_type(ScalarType.Float64).view(1, values.Length, 1, 1);

    private static float[] Floats(Tensor values) => [.. values.to_type(ScalarType.Float32).data<float>()];

    private static void Near(Tensor expected, double[] actual, double tolerance) =>
        Assert.All(expected.contiguous().data<double>().Zip(actual), pair => Assert.InRange(pair.Second - pair.First, -tolerance * (1 + Math.Abs(pair.First)), tolerance * (1 + Math.Abs(pair.First))));
}
