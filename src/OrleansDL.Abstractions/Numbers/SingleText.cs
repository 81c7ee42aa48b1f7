using System.Globalization;

namespace OrleansDL.Numbers;

/// <summary>32-bit floating point, each the one nearest to its text.</summary>
internal readonly struct SingleText : INumberText<float>
{
    /// <summary>The bits a double has more than a float.</summary>
    private const int MoreBits = 29;

    public static bool TryRead(ReadOnlySpan<byte> json, ref int at, out float value)
    {
        var begin = at;
        value = 0;
        var isKnown = DoubleText.TryShort(json, ref at, out var wide);
        if (!isKnown)
        {
            if (!DoubleText.TryScan(json, ref at, out var number))
            {
                return false;
            }

            isKnown = number.TryValue(out wide);
        }

        // The nearest double leads to the nearest float unless it lies just between two of them, where the text itself may lie on either side;
        // the least floats have fewer bits, so that "between" is elsewhere.
        if (isKnown && !IsBetween(wide) && Math.Abs(wide) is 0 or >= 1.2e-38)
        {
            value = (float)wide;
            return float.IsFinite(value);
        }

        return float.TryParse(json[begin..at], NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);
    }

    private static bool IsBetween(double value) =>
        (BitConverter.DoubleToUInt64Bits(value) & ((1ul << MoreBits) - 1)) == 1ul << (MoreBits - 1);
}
