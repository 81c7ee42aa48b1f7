using OrleansDL.Telemetry;
using OrleansDL.Telemetry.Drift;

namespace OrleansDL.Tests.Monitoring;

/// <summary>Checked against values worked out independently, and against points of textbooks' tables.</summary>
public sealed class DriftTests
{
    private static readonly double[] Reference = [.. Enumerable.Range(1, 100).Select(i => i / 10.0)];
    private static readonly double[] Current = [.. Enumerable.Range(1, 80).Select(i => (i / 10.0) + 1.5)];

    [Fact]
    public void Bins_of_equal_mass_have_the_quantiles_as_edges()
    {
        var bins = ReferenceBins.Fit(Reference);
        Assert.Equal([1.09, 2.08, 3.07, 4.06, 5.05, 6.04, 7.03, 8.02, 9.01], bins.Edges.Select(edge => Math.Round(edge, 9)));
        Assert.Equal(Enumerable.Repeat(10L, 10), bins.CountOf(Reference));
        Assert.Equal([0, 5, 10, 10, 10, 10, 10, 10, 10, 5], bins.CountOf(Current));
    }

    [Fact]
    public void Distances_of_shares_are_the_known_ones()
    {
        var bins = ReferenceBins.Fit(Reference);
        var (p, q) = (Shares.Of(bins.CountOf(Reference)), Shares.Of(bins.CountOf(Current)));
        Assert.Equal(0.764371566, PopulationStability.Index(p, q), 8);
        Assert.Equal(0.251647878, JensenShannon.Distance(p, q), 8);
        Assert.Equal(0.243438544, Hellinger.Distance(p, q), 8);

        double[] three = [0.5, 0.3, 0.2];
        double[] other = [0.4, 0.3, 0.3];
        Assert.Equal(0.062860866, PopulationStability.Index(three, other), 8);
        Assert.Equal(0.106198514, JensenShannon.Distance(three, other), 8);
        Assert.Equal(0.088529262, Hellinger.Distance(three, other), 8);
        Assert.Equal(0.1, LInfinity.Distance(three, other), 8);
        Assert.Equal(0.1, TotalVariation.Distance(three, other), 8);
        Assert.Equal(0, JensenShannon.Distance(three, three), 12);
        Assert.Equal(1, JensenShannon.Distance([1, 0], [0, 1]), 12);
        Assert.Throws<ArgumentException>(() => LInfinity.Distance(three, [1.0]));
    }

    [Fact]
    public void Distances_of_values_are_the_known_ones()
    {
        Assert.Equal(0.15, KolmogorovSmirnov.Distance(Reference, Current), 9);
        Assert.Equal(0.269999672, KolmogorovSmirnov.PValue(0.15, 100, 80, corrected: false), 8);
        Assert.Equal(0.248695260, KolmogorovSmirnov.PValue(0.15, 100, 80), 8);
        Assert.Equal(0.625, Wasserstein.Distance(Reference, Current), 9);
        Assert.Equal(0.216517177, Wasserstein.Normed(Reference, Current), 8);
    }

    [Fact]
    public void The_chi_square_law_has_its_textbook_points()
    {
        Assert.Equal(21.666, ChiSquare.Quantile(0.01, 9), 3);
        Assert.Equal(16.919, ChiSquare.Quantile(0.05, 9), 3);
        var (statistic, degrees, probability) = ChiSquare.Homogeneity([50, 30, 20], [40, 30, 30]);
        Assert.Equal((3.111111111, 2), (Math.Round(statistic, 9), degrees));
        Assert.Equal(0.211072088, probability, 8);
        Assert.Equal(0.0495, KolmogorovSmirnov.PValue(1.36, long.MaxValue / 4, 1, corrected: false), 0.0001);
    }

    [Fact]
    public void Chance_alone_passes_the_threshold_as_often_as_said()
    {
        Assert.Equal(0.0433, DriftThreshold.Stability(10, 1000, 1000), 3);
        Assert.Equal(0.217, DriftThreshold.Stability(10, 200, 200), 3);
        Assert.False(DriftThreshold.IsEnough(99, 10));
        var random = new Random(7);
        var passed = 0;
        for (var trial = 0; trial < 300; trial++)
        {
            var (reference, current) = (Normal(random, 1000, 0), Normal(random, 1000, 0));
            var bins = ReferenceBins.Fit(reference);
            passed += PopulationStability.Index(Shares.Of(bins.CountOf(reference)), Shares.Of(bins.CountOf(current))) > DriftThreshold.Stability(bins.Count, 1000, 1000) ? 1 : 0;
        }

        Assert.InRange(passed, 0, 12);
    }

    [Fact]
    public void Bins_on_a_sketchs_grid_count_other_sketches_exactly_and_find_the_same_drift()
    {
        var random = new Random(8);
        var (reference, current) = (Normal(random, 5000, 0), Normal(random, 5000, 0.5));
        var (sketch, shifted) = (Of(reference), Of(current));
        var bins = ReferenceBins.Fit(sketch);
        Assert.InRange(bins.Count, 8, 10);
        Assert.Equal(5000, bins.CountOf(shifted).Sum());
        var exact = ReferenceBins.Fit(reference);
        var wanted = PopulationStability.Index(Shares.Of(exact.CountOf(reference)), Shares.Of(exact.CountOf(current)));
        Assert.Equal(wanted, PopulationStability.Index(Shares.Of(bins.CountOf(sketch)), Shares.Of(bins.CountOf(shifted))), wanted * 0.1);
    }

    [Fact]
    public void A_value_that_holds_much_of_the_mass_has_a_bin_of_its_own()
    {
        var sketch = new DDSketch();
        sketch.Add(0, 500);
        for (var i = 1; i <= 500; i++)
        {
            sketch.Add(i % 2 == 0 ? i : -i);
        }

        var bins = ReferenceBins.Fit(sketch);
        Assert.Contains(500, bins.CountOf(sketch));
    }

    private static double[] Normal(Random random, int count, double mean)
    {
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = mean + (Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        Array.Sort(values);
        return values;
    }

    private static DDSketch Of(double[] values)
    {
        var sketch = new DDSketch();
        foreach (var value in values)
        {
            sketch.Add(value);
        }

        return sketch;
    }
}
