using System.Globalization;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Reads numbers from UTF-8 without allocating. A number begins with a digit, a sign or a point: 'NaN' and 'Infinity' are words.</summary>
internal static class NumberParser
{
    private static readonly double[] PowersOfTen =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    public static bool TryInt64(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        var i = text.Length > 0 && text[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        if (i == text.Length)
        {
            return false;
        }

        if (text.Length - i > 18)
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
        }

        for (; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit > 9)
            {
                return false;
            }

            value = (value * 10) + digit;
        }

        if (text[0] == '-')
        {
            value = -value;
        }

        return true;
    }

    /// <summary>True for every text that is spelt as a number, also when it is too great for a double: then the value is infinite.</summary>
    public static bool TryDouble(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var i = 0;
        var negative = false;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+')
        {
            negative = text[0] == '-';
            i = 1;
        }

        ulong mantissa = 0;
        var digits = 0;
        var scale = 0;
        var start = i;
        for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++)
        {
            mantissa = unchecked((mantissa * 10) + (ulong)(text[i] - '0'));
            digits++;
        }

        if (i < text.Length && text[i] == '.')
        {
            i++;
            var fraction = i;
            for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++)
            {
                mantissa = unchecked((mantissa * 10) + (ulong)(text[i] - '0'));
                digits++;
            }

            scale = fraction - i;
        }

        if (digits == 0 || start == text.Length)
        {
            return false;
        }

        if (i < text.Length && (text[i] | 0x20) == 'e')
        {
            if (!TryInt64(text[(i + 1)..], out var exponent))
            {
                return false;
            }

            scale = (int)Math.Clamp(exponent + scale, -100_000, 100_000);
            i = text.Length;
        }

        if (i != text.Length)
        {
            return false;
        }

        // Up to 2^53 and 10^22 both are exact doubles, so that one operation rounds correctly.
        if (digits <= 19 && mantissa <= 1UL << 53 && scale is >= -22 and <= 22)
        {
            value = scale < 0 ? mantissa / PowersOfTen[-scale] : mantissa * PowersOfTen[scale];
            value = negative ? -value : value;
            return true;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
