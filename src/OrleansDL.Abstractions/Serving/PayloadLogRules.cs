namespace OrleansDL.Serving;

/// <summary>What a payload log must keep to.</summary>
public static class PayloadLogRules
{
    private const int MaximumNames = 256;
    private const long GreatestBytes = 4L << 20;

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(PayloadLogSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Require(!string.IsNullOrWhiteSpace(spec.Dataset), "payloadLog.dataset names the dataset that is written to.");
        Require(spec.Percent is >= 0.01 and <= 100, "payloadLog.percent is a number above 0, to 100.");
        Require(spec.Redact.Count <= MaximumNames && spec.Redact.All(name => name.Length is > 0 and <= 256), $"payloadLog.redact has at most {MaximumNames} names of 1 to 256 characters.");
        Require(spec.MaximumBytes is >= 0 and <= GreatestBytes, $"payloadLog.maximumBytes is {spec.MaximumBytes}. Give a number from 0 to {GreatestBytes}.");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
