namespace OrleansDL.Benchmarks.Harness;

/// <summary>One line of the table and of the JSON.</summary>
internal sealed record Row(string Name, double Ours, double Limit, string Unit, double Ratio, double? Goal)
{
    public static Row Of(IBenchmark benchmark, Comparison result) => new(
        benchmark.Name,
        Round(result.Ours),
        Round(result.Limit),
        benchmark.Unit,
        Math.Round(benchmark.SmallerIsBetter ? 1 / result.Ratio : result.Ratio, 3),
        benchmark.Goal);

    private static double Round(double value) => value >= 100 ? Math.Round(value) : Math.Round(value, 3);
}
