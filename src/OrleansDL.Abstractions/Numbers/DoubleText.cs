using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansDL.Numbers;

/// <summary>64-bit floating point, each the one nearest to its text.</summary>
internal readonly struct DoubleText : INumberText<double>
{
    /// <summary>Integers up to here are exact in 53 bits.</summary>
    private const ulong GreatestExact = 1ul << 53;

    /// <summary>A sign, a digit, a point, fifteen digits and what follows, read as far as the second eight of them reach.</summary>
    private const int LongestShort = 3 + (2 * sizeof(ulong)) + 1;

    /// <summary>Powers of ten that are exact in 53 bits: with an exact integer, one correctly rounded operation gives the nearest value (Clinger 1990).</summary>
    private static readonly double[] Powers =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    private static ReadOnlySpan<ulong> Tens => [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

    public static bool TryRead(ReadOnlySpan<byte> json, ref int at, out double value)
    {
        if (TryShort(json, ref at, out value))
        {
            return true;
        }

        var begin = at;
        if (!TryScan(json, ref at, out var number))
        {
            value = 0;
            return false;
        }

        return number.TryValue(out value)
            || (double.TryParse(json[begin..at], NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value));
    }

    /// <summary>Reads what most numbers of tensors are, one digit, a point and up to fifteen digits, without a loop; false leaves <paramref name="at"/> where it was, for all others.</summary>
    internal static bool TryShort(ReadOnlySpan<byte> json, ref int at, out double value)
    {
        value = 0;
        if (json.Length - at < LongestShort)
        {
            return false;
        }

        ref var text = ref Unsafe.Add(ref MemoryMarshal.GetReference(json), at);
        var sign = text == (byte)'-' ? 1 : 0;
        text = ref Unsafe.Add(ref text, sign);
        var first = (uint)(text - '0');
        if (first > 9 || Unsafe.Add(ref text, 1) != (byte)'.')
        {
            return false;
        }

        var digits = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, 2));
        var fraction = Digits.Count(digits);
        if (fraction == 0)
        {
            return false;
        }

        var mantissa = (first * Tens[fraction]) + Digits.Value(digits, fraction);
        if (fraction == sizeof(ulong))
        {
            digits = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, 2 + sizeof(ulong)));
            var more = Digits.Count(digits);
            if (more == sizeof(ulong))
            {
                return false;
            }

            if (more > 0)
            {
                mantissa = (mantissa * Tens[more]) + Digits.Value(digits, more);
                fraction += more;
            }
        }

        if (mantissa > GreatestExact || (Unsafe.Add(ref text, 2 + fraction) | 0x20) == 'e')
        {
            return false;
        }

        value = mantissa / Powers[fraction];
        value = sign == 0 ? value : -value;
        at += sign + 2 + fraction;
        return true;
    }

    /// <summary>Reads a number by JSON's grammar (RFC 8259, section 6).</summary>
    internal static bool TryScan(ReadOnlySpan<byte> json, ref int at, out Scanned number)
    {
        number = default;
        var isNegative = (uint)at < (uint)json.Length && json[at] == (byte)'-';
        at += isNegative ? 1 : 0;
        var first = at;
        var mantissa = 0ul;
        var digits = Digits.Read(json, ref at, ref mantissa);
        if (digits == 0 || (digits > 1 && json[first] == (byte)'0'))
        {
            return false;
        }

        var exponent = 0;
        if ((uint)at < (uint)json.Length && json[at] == (byte)'.')
        {
            at++;
            var fraction = Digits.Read(json, ref at, ref mantissa);
            if (fraction == 0)
            {
                return false;
            }

            digits += fraction;
            exponent = -fraction;
        }

        if ((uint)at < (uint)json.Length && (json[at] | 0x20) == 'e')
        {
            at++;
            var isBelow = (uint)at < (uint)json.Length && json[at] == (byte)'-';
            at += (uint)at < (uint)json.Length && json[at] is (byte)'-' or (byte)'+' ? 1 : 0;
            var power = 0ul;
            var length = Digits.Read(json, ref at, ref power);
            if (length == 0)
            {
                return false;
            }

            // What is far out is left to the general parser.
            exponent = length > 4 ? int.MaxValue : exponent + (isBelow ? -(int)power : (int)power);
        }

        number = new Scanned(isNegative, mantissa, digits, exponent);
        return true;
    }

    /// <summary>A number's parts.</summary>
    internal readonly record struct Scanned(bool IsNegative, ulong Mantissa, int Digits, int Exponent)
    {
        /// <summary>The nearest double where one operation gives it.</summary>
        public bool TryValue(out double value)
        {
            value = Mantissa;
            if (Digits > Numbers.Digits.Greatest || Mantissa > GreatestExact || Exponent is < -22 or > 22)
            {
                return false;
            }

            value = Exponent < 0 ? value / Powers[-Exponent] : value * Powers[Exponent];
            value = IsNegative ? -value : value;
            return true;
        }
    }
}
