using System.Globalization;

namespace OrleansDL;

/// <summary>How many inference requests are taken: so many a second on average, and so many at once after a pause. Each server counts for itself.</summary>
[GenerateSerializer, Immutable, Alias("rate-limit")]
public sealed record RateLimit
{
    private const double LeastPerSecond = 0.001;
    private const double GreatestPerSecond = 1_000_000;
    private const int GreatestBurst = 1_000_000;

    /// <summary>Requests a second on average, 0.001 to 1,000,000.</summary>
    [Id(0)] public required double PerSecond { get; init; }

    /// <summary>Requests at once after a pause, 1 to 1,000,000; 0: those of one second, at least 1.</summary>
    [Id(1)] public int Burst { get; init; }

    /// <param name="limit">What is checked; null is no limit.</param>
    /// <exception cref="InvalidException">A number is out of its range.</exception>
    public static void Check(RateLimit? limit)
    {
        if (limit is null)
        {
            return;
        }

        if (limit.PerSecond is not (>= LeastPerSecond and <= GreatestPerSecond))
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"rateLimit.perSecond {limit.PerSecond} is out of range: {LeastPerSecond} to {GreatestPerSecond} requests a second."));
        }

        if (limit.Burst is < 0 or > GreatestBurst)
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"rateLimit.burst {limit.Burst} is out of range: 1 to {GreatestBurst}, or 0 for the requests of one second."));
        }
    }
}
