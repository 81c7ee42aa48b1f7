namespace OrleansDL.Output;

/// <summary>The options <c>--rate</c> and <c>--rate-burst</c>.</summary>
internal static class RateText
{
    /// <summary>What holds, changed where an option says so; null: no limit.</summary>
    public static RateLimit? Of(double? rate, int? burst, RateLimit? now)
    {
        if (rate == 0)
        {
            return null;
        }

        return (rate ?? now?.PerSecond) is { } perSecond
            ? new RateLimit { PerSecond = perSecond, Burst = burst ?? now?.Burst ?? 0 }
            : burst is null ? null : throw new InvalidException("--rate-burst goes with --rate, the requests a second.");
    }
}
