using OrleansDL.Data;
using OrleansDL.Native;
using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Networks;

[Collection("torch")]
public sealed class DropoutTests
{
    private const long Values = 5003;

    public DropoutTests() => TorchLibrary.Load();

    [Fact]
    public void What_is_dropped_of_a_sample_does_not_depend_on_the_batch_it_is_in()
    {
        using var scope = NewDisposeScope();
        var whole = Pass.Learning(3, 2, new long[] { 7, 1, 4, 9 }).Drop(ones(4, Values), 0.3);
        var part = Pass.Learning(3, 2, new long[] { 4, 7 }).Drop(ones(2, Values), 0.3);
        Assert.Equal(whole[2].bytes.ToArray(), part[0].bytes.ToArray());
        Assert.Equal(whole[0].bytes.ToArray(), part[1].bytes.ToArray());
        Assert.NotEqual(whole[0].bytes.ToArray(), whole[1].bytes.ToArray());
    }

    [Fact]
    public void Another_seed_epoch_or_block_drops_other_values()
    {
        using var scope = NewDisposeScope();
        var first = Pass.Learning(3, 2, new long[] { 7 });
        var masks = new[]
        {
            first.Drop(ones(1, Values), 0.3),
            first.Drop(ones(1, Values), 0.3),
            Pass.Learning(4, 2, new long[] { 7 }).Drop(ones(1, Values), 0.3),
            Pass.Learning(3, 3, new long[] { 7 }).Drop(ones(1, Values), 0.3),
            Pass.Learning(3, 2, new long[] { 8 }).Drop(ones(1, Values), 0.3),
        };
        foreach (var (index, mask) in masks.Index())
        {
            foreach (var other in masks.Skip(index + 1))
            {
                // Of two independent masks 0.3 x 0.3 of the values are dropped by both; five deviations either way.
                Assert.Equal(0.09, ((mask + other) == 0).to(ScalarType.Float32).mean().item<float>(), 0.021);
            }
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void The_share_is_kept_and_the_mean_is_not_moved(double share)
    {
        using var scope = NewDisposeScope();
        var dropped = Pass.Learning(1, 0, Enumerable.Range(0, 400).Select(sample => (long)sample).ToArray()).Drop(ones(400, Values), share);
        var deviation = Math.Sqrt(share * (1 - share) / (400 * Values));
        Assert.Equal(share, (dropped == 0).to(ScalarType.Float32).mean().item<float>(), 5 * deviation);
        Assert.Equal(1, dropped.mean().item<float>(), 5 * deviation / (1 - share));
    }

    [Fact]
    public void Values_side_by_side_and_samples_side_by_side_are_dropped_independently()
    {
        using var scope = NewDisposeScope();
        var dropped = (Pass.Learning(1, 0, Enumerable.Range(0, 1000).Select(sample => (long)sample).ToArray()).Drop(ones(1000, 1000), 0.5) == 0).to(ScalarType.Float32) - 0.5;
        foreach (var (axis, distance) in new[] { (0, 1), (0, 2), (0, 32), (1, 1), (1, 2), (1, 8), (1, 16), (1, 256) })
        {
            var product = (dropped.narrow(axis, 0, 1000 - distance) * dropped.narrow(axis, distance, 1000 - distance)).mean().item<float>();
            Assert.InRange(product, -5 * 0.25 / 970, 5 * 0.25 / 970);
        }

        // Every sixteen values side by side, as a number of 16 bits: all numbers come equally often.
        var counts = new int[256];
        foreach (var word in dropped.view(-1, 8).gt(0).to(ScalarType.Float32).matmul(tensor(new float[] { 1, 2, 4, 8, 16, 32, 64, 128 })).data<float>())
        {
            counts[(int)word]++;
        }

        var expected = 1_000_000 / 8 / 256.0;
        Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 150, 380);
    }

    [Fact]
    public void Every_device_drops_the_same_values()
    {
        using var scope = NewDisposeScope();
        var keys = new[] { SampleKeys.Of(1, 0, 5), SampleKeys.Of(1, 0, 6), ulong.MaxValue };
        foreach (var share in new[] { 0.1, 0.5, 0.75 })
        {
            var made = DropoutMask.Of([3, 7, 11], keys, share, CPU);
            var computed = DropoutMask.OnDevice([3, 7, 11], keys, (uint)Math.Round(share * 4294967296.0), (float)(1 / (1 - share)), CPU);
            Assert.Equal(made.bytes.ToArray(), computed.bytes.ToArray());
        }
    }

    [Fact]
    public void Rows_that_are_tokens_of_samples_are_their_samples()
    {
        using var scope = NewDisposeScope();
        var whole = Pass.Learning(1, 0, new long[] { 1, 2 }).Drop(ones(2, 3, 5), 0.5);
        var flat = Pass.Learning(1, 0, new long[] { 1, 2 }).Drop(ones(6, 5), 0.5);
        Assert.Equal(whole.bytes.ToArray(), flat.bytes.ToArray());
        Assert.Throws<InvalidOperationException>(() => Pass.Learning(1, 0, new long[] { 1, 2 }).Drop(ones(3, 5), 0.5));
    }
}
