using FsCheck;
using FsCheck.Xunit;
using OrleansDL.Telemetry;

namespace OrleansDL.Tests.Monitoring;

public sealed class DDSketchTests
{
    private static readonly double[] Ranks = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1];

    public static TheoryData<string> Shapes => ["lognormal", "uniform", "negative", "mixed", "decades", "constant"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_quantile_is_within_one_percent_of_its_value(string shape)
    {
        var values = Values(shape, 20_000);
        var sketch = Of(values);

        Array.Sort(values);
        foreach (var rank in Ranks)
        {
            var exact = values[(int)Math.Floor(rank * (values.Length - 1))];
            Assert.InRange(Math.Abs(sketch.Quantile(rank)!.Value - exact), 0, Math.Abs(exact) * DDSketch.Accuracy * (1 + 1e-9));
        }
    }

    [Property]
    public bool Merging_two_sketches_gives_the_sketch_of_all_values(NormalFloat[] left, NormalFloat[] right)
    {
        var merged = Of(left.Select(value => value.Get));
        merged.Merge(Of(right.Select(value => value.Get)));
        var union = Of(left.Concat(right).Select(value => value.Get));

        return merged.Count == union.Count && Ranks.All(rank => merged.Quantile(rank).Equals(union.Quantile(rank)));
    }

    [Property]
    public bool A_stored_sketch_reads_back_as_it_was(double[] values)
    {
        var sketch = Of(values);
        var read = DDSketch.FromBytes(sketch.ToBytes());

        return read.ToBytes().SequenceEqual(sketch.ToBytes())
            && read.Count == sketch.Count && read.NotNumbers == sketch.NotNumbers && read.Infinities == sketch.Infinities;
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_counted_apart()
    {
        var sketch = Of([1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 3]);

        Assert.Equal((2, 1, 2), (sketch.Count, sketch.NotNumbers, sketch.Infinities));
        Assert.Equal(3, sketch.Quantile(1));
        Assert.Equal(2, sketch.Mean);
    }

    [Fact]
    public void An_empty_sketch_has_no_quantile()
    {
        Assert.Null(new DDSketch().Quantile(0.5));
        Assert.Null(new DDSketch().Mean);
    }

    [Fact]
    public void Over_the_cap_the_smallest_values_share_a_bin_and_the_greatest_stay_exact()
    {
        var values = Enumerable.Range(0, 30_000).Select(step => Math.Pow(10, -9 + step / 1000.0)).ToArray();
        var together = Of(values);
        var halves = Of(values.Where((_, at) => at % 2 == 0));
        halves.Merge(Of(values.Where((_, at) => at % 2 == 1).Reverse()));

        foreach (var rank in Ranks.Where(rank => rank > 0.5))
        {
            var exact = values[(int)Math.Floor(rank * (values.Length - 1))];
            Assert.InRange(together.Quantile(rank)!.Value, exact * 0.99, exact * 1.01);
        }

        Assert.Equal(values.Length, together.Count);
        Assert.All(Ranks, rank => Assert.Equal(together.Quantile(rank), halves.Quantile(rank)));
        Assert.InRange(together.ToBytes().Length, 2048, 8192);
    }

    [Fact]
    public void A_stored_sketch_stays_small()
    {
        var sketch = Of(Values("lognormal", 200_000));

        Assert.InRange(sketch.ToBytes().Length, 1, 4700);
    }

    [Fact]
    public void Sketches_stored_by_the_first_version_are_still_read()
    {
        var stored = File.ReadAllBytes(GoldenFile.PathOf("sketch-v1.bin"));
        var sketch = DDSketch.FromBytes(stored);

        Assert.Equal(Golden().ToBytes(), stored);
        Assert.Equal((1004, 1, 2), (sketch.Count, sketch.NotNumbers, sketch.Infinities));
        Assert.Equal(-3, sketch.Minimum);
        Assert.Equal(0.5, sketch.Quantile(0.5)!.Value, 0.01);
    }

    [Theory]
    [InlineData("")]
    [InlineData("02")]
    [InlineData("0100")]
    [InlineData("01000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void Bytes_that_are_no_sketch_are_refused(string hex) =>
        Assert.Throws<InvalidDataException>(() => DDSketch.FromBytes(Convert.FromHexString(hex)));

    internal static DDSketch Golden() => Of(
        [.. Enumerable.Range(1, 1000).Select(step => step / 1000.0), 0, -0.25, -3, 1e-12, double.NaN, double.PositiveInfinity, double.NegativeInfinity]);

    private static DDSketch Of(IEnumerable<double> values)
    {
        var sketch = new DDSketch();
        foreach (var value in values)
        {
            sketch.Add(value);
        }

        return sketch;
    }

    private static double[] Values(string shape, int count)
    {
        var random = new System.Random(20260807);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return Enumerable.Range(0, count).Select(_ => shape switch
        {
            "lognormal" => Math.Exp(2 + Normal()),
            "uniform" => random.NextDouble(),
            "negative" => -Math.Exp(Normal()),
            "mixed" => random.Next(10) == 0 ? 0 : Normal(),
            "decades" => Math.Pow(10, random.NextDouble() * 12 - 6),
            _ => 42,
        }).ToArray();
    }
}
