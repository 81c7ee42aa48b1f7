using System.Buffers.Binary;
using System.Numerics;

namespace OrleansDL.Numbers;

/// <summary>Runs of decimal digits.</summary>
internal static class Digits
{
    /// <summary>Digits that always fit into 64 bits.</summary>
    public const int Greatest = 19;

    /// <summary>Reads digits up to the first byte that is none, into a number that wraps around after <see cref="Greatest"/> of them.</summary>
    /// <returns>How many there are.</returns>
    public static int Read(ReadOnlySpan<byte> json, ref int at, ref ulong value)
    {
        var begin = at;
        while (json.Length - at >= sizeof(ulong) && TryEight(BinaryPrimitives.ReadUInt64LittleEndian(json[at..]), out var eight))
        {
            value = (value * 100_000_000) + eight;
            at += sizeof(ulong);
        }

        while ((uint)at < (uint)json.Length && (uint)(json[at] - '0') <= 9)
        {
            value = (value * 10) + (uint)(json[at] - '0');
            at++;
        }

        return at - begin;
    }

    /// <summary>How many of eight bytes are digits before the first that is none.</summary>
    public static int Count(ulong text)
    {
        // What carries or borrows does so into later bytes: the first one marked is right.
        var over = ((text + 0x4646464646464646) | (text - 0x3030303030303030)) & 0x8080808080808080;
        return over == 0 ? sizeof(ulong) : BitOperations.TrailingZeroCount(over) / 8;
    }

    /// <summary>The number of the first <paramref name="count"/> of eight bytes, all of them digits; 1 to 8.</summary>
    public static ulong Value(ulong text, int count)
    {
        // Noughts before it, in place of what follows it.
        var shift = 8 * (sizeof(ulong) - count);
        return Eight((text - 0x3030303030303030) << shift);
    }

    private static bool TryEight(ulong text, out ulong value)
    {
        var digits = text - 0x3030303030303030;
        var over = (text + 0x4646464646464646) | digits;
        value = 0;
        if ((over & 0x8080808080808080) != 0)
        {
            return false;
        }

        value = Eight(digits);
        return true;
    }

    /// <summary>Eight digits at once, within one register: pairs, then fours, then all (Lemire, "Quickly parsing eight digits", 2022).</summary>
    private static ulong Eight(ulong digits)
    {
        digits = (digits * 10) + (digits >> 8);
        return (((digits & 0x000000FF000000FF) * 0x000F424000000064) + (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32;
    }
}
