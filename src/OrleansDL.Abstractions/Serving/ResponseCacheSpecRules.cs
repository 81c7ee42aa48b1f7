using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a response cache spec must keep to.</summary>
public static class ResponseCacheSpecRules
{
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(ResponseCacheSpec spec)
    {
        if (spec.MaximumBytes is < 1024 or > 1L << 40)
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"cache.maximumBytes is {spec.MaximumBytes}. Give a number from 1024 to {1L << 40}."));
        }

        if (!(spec.Seconds is >= 0 and <= 31_536_000))
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"cache.seconds is {spec.Seconds}. Give a number from 0 (as long as the version answers) to 31536000."));
        }
    }
}
