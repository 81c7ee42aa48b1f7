using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a request to continue a text must keep to.</summary>
public static class GenerateRequestRules
{
    private const int Greatest = 1_000_000;
    private const int GreatestStops = 16;
    private const int GreatestStop = 1024;

    /// <exception cref="InvalidException">The message names what is wrong.</exception>
    public static void Check(GenerateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Require(request.MaximumTokens is >= 1 and <= Greatest, "max_tokens", request.MaximumTokens, "a number from 1 to 1000000");
        Require(request.Temperature is >= 0 and <= 100, "temperature", request.Temperature, "a number from 0 to 100");
        Require(request.TopK is >= 0 and <= Greatest, "top_k", request.TopK, "a number from 0 to 1000000");
        Require(request.TopP is > 0 and <= 1, "top_p", request.TopP, "a number above 0, up to 1");
        Require(request.TimeoutMicroseconds >= 0, "timeout", request.TimeoutMicroseconds, "microseconds from 0 on");
        Require(
            request.Stop.Count <= GreatestStops && request.Stop.All(text => text.Length is > 0 and <= GreatestStop),
            "stop", $"{request.Stop.Count} texts", $"{GreatestStops} texts at most, each of 1 to {GreatestStop} characters");
    }

    private static void Require(bool condition, string field, IFormattable value, string range) => Require(condition, field, value.ToString(null, CultureInfo.InvariantCulture), range);

    private static void Require(bool condition, string field, string value, string range)
    {
        if (!condition)
        {
            throw new InvalidException($"{field} is {value}. Give {range}.");
        }
    }
}
