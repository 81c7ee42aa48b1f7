using FsCheck;
using FsCheck.Xunit;
using OrleansDL.Datasets.Statistics;
using OrleansDL.Telemetry;

namespace OrleansDL.Tests.Monitoring;

public sealed class HyperLogLogTests
{
    // 1.04 / sqrt(2^14); five of them are never met by chance.
    private const double StandardError = 1.04 / 128;

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(20_000)]
    [InlineData(60_000)]
    [InlineData(1_000_000)]
    public void The_estimate_is_within_its_error(int different)
    {
        var sketch = new HyperLogLog();
        for (var i = 0; i < different; i++)
        {
            sketch.Add(ValueHash.Of((long)i * 7));
            sketch.Add(ValueHash.Of((long)i * 7));
        }

        Assert.InRange(sketch.Estimate(), different * (1 - (5 * StandardError)) - 0.5, different * (1 + (5 * StandardError)) + 0.5);
    }

    [Property(MaxTest = 50)]
    public bool Merging_two_sketches_gives_the_sketch_of_all_values_in_its_stored_form(int[] left, int[] right, PositiveInt spread)
    {
        var merged = Of(left, spread.Get);
        merged.Merge(Of(right, spread.Get));
        var whole = Of([.. left, .. right], spread.Get);
        return merged.ToBytes().SequenceEqual(whole.ToBytes()) && HyperLogLog.FromBytes(whole.ToBytes()).ToBytes().SequenceEqual(whole.ToBytes());
    }

    [Fact]
    public void Few_values_are_stored_small_and_many_in_half_a_byte_per_register()
    {
        Assert.InRange(Of([1, 2, 3], 1).ToBytes().Length, 1, 16);
        var many = Of([.. Enumerable.Range(0, 5000)], 300);
        Assert.InRange(many.ToBytes().Length, 8192, 8600);
        Assert.Equal(many.Estimate(), HyperLogLog.FromBytes(many.ToBytes()).Estimate());
    }

    [Fact]
    public void What_is_no_sketch_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => HyperLogLog.FromBytes([9]));
        Assert.Throws<InvalidDataException>(() => HyperLogLog.FromBytes([1, 1, 1, 1, 99]));
        Assert.Throws<InvalidDataException>(() => HyperLogLog.FromBytes([1]));
    }

    private static HyperLogLog Of(int[] seeds, int spread)
    {
        var sketch = new HyperLogLog();
        foreach (var seed in seeds)
        {
            for (var i = 0; i < Math.Min(spread, 300); i++)
            {
                sketch.Add(ValueHash.Of(((long)seed * 1000) + i));
            }
        }

        return sketch;
    }
}
