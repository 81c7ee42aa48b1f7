namespace OrleansDL.Benchmarks.Harness;

/// <summary>Medians of the rounds.</summary>
internal sealed record Comparison(double Ours, double Limit)
{
    /// <summary>Ours by the limit: where both were measured in rounds, the median of the rounds' own ratios, since a machine that changes its speed changes it for both of a round.</summary>
    public double Ratio { get; init; } = Ours / Limit;

    /// <summary>Measures both in turn, so that a slow minute of the machine falls on both.</summary>
    /// <param name="rounds">Rounds that count.</param>
    /// <param name="ours">Measures ours.</param>
    /// <param name="limit">Measures what it is held against.</param>
    /// <param name="warming">Rounds before them. A server of ours has more code than a bare one, and is compiled for longer: half a minute of requests.</param>
    /// <param name="settle">Awaited after each round of those: <see cref="AtRest"/>.</param>
    public static async Task<Comparison> InterleavedAsync(int rounds, Func<Task<double>> ours, Func<Task<double>> limit, int warming = 1, Func<Task>? settle = null)
    {
        var oursRounds = new List<double>(rounds);
        var limitRounds = new List<double>(rounds);
        for (var round = -warming; round < rounds; round++)
        {
            // Whoever goes first meets the colder machine: take turns.
            var (mine, other) = round % 2 == 0
                ? (await ours(), await limit())
                : await LimitFirstAsync(ours, limit);
            if (round >= 0)
            {
                oursRounds.Add(mine);
                limitRounds.Add(other);
            }
            else if (settle is not null)
            {
                await settle();
            }
        }

        var ratios = oursRounds.Zip(limitRounds, (mine, other) => mine / other).ToList();
        return new Comparison(Median(oursRounds), Median(limitRounds)) { Ratio = Median(ratios) };
    }

    private static async Task<(double Ours, double Limit)> LimitFirstAsync(Func<Task<double>> ours, Func<Task<double>> limit)
    {
        var other = await limit();
        return (await ours(), other);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values.Count % 2 == 1
            ? values[values.Count / 2]
            : (values[(values.Count / 2) - 1] + values[values.Count / 2]) / 2;
    }
}
