using System.Buffers.Binary;
using System.Numerics;

namespace OrleansDL.Serving.Protocol.Numbers;

/// <summary>Runs of decimal digits.</summary>
internal static class Digits
{
    /// <summary>Digits that always fit into 64 bits.</summary>
    public const int Greatest = 19;

    private const ulong Zeros = 0x3030303030303030;

    private static ReadOnlySpan<ulong> Powers => [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

    /// <summary>Reads digits up to the first byte that is none, into a number that wraps around after <see cref="Greatest"/> of them.</summary>
    /// <returns>How many there are.</returns>
    public static int Read(ReadOnlySpan<byte> json, ref int at, ref ulong value)
    {
        var begin = at;
        while (json.Length - at >= sizeof(ulong))
        {
            var text = BinaryPrimitives.ReadUInt64LittleEndian(json[at..]);
            var count = Count(text);
            if (count < sizeof(ulong))
            {
                // Those before the first that is none, moved behind as many leading zeros as make them eight.
                value = count switch
                {
                    0 => value,
                    1 => (value * 10) + (text & 0xF),
                    _ => (value * Powers[count]) + Eight((text - Zeros) << (8 * (sizeof(ulong) - count))),
                };
                at += count;
                return at - begin;
            }

            value = (value * 100_000_000) + Eight(text - Zeros);
            at += sizeof(ulong);
        }

        while ((uint)at < (uint)json.Length && (uint)(json[at] - '0') <= 9)
        {
            value = (value * 10) + (uint)(json[at] - '0');
            at++;
        }

        return at - begin;
    }

    /// <summary>How many of eight bytes are digits, up to the first that is none: it has its highest bit set in one of two sums, which no digit before it carries into.</summary>
    private static int Count(ulong text) => BitOperations.TrailingZeroCount(((text + 0x4646464646464646) | (text - Zeros)) & 0x8080808080808080) / 8;

    /// <summary>The value of eight digits at once, within one register: pairs, then fours, then all (Lemire, "Quickly parsing eight digits", 2022).</summary>
    private static ulong Eight(ulong digits)
    {
        digits = (digits * 10) + (digits >> 8);
        return (((digits & 0x000000FF000000FF) * 0x000F424000000064) + (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32;
    }
}
