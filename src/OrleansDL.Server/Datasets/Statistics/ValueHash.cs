using System.Buffers.Text;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace OrleansDL.Datasets.Statistics;

/// <summary>The hashes that distinct values and rows are counted by. They are stored in sketches, and so never change.</summary>
internal static class ValueHash
{
    private const long Seed = 0x4F444C;

    // Beyond it a double cannot tell integers apart.
    private const double ExactIntegers = 1L << 53;

    /// <summary>Spreads a number over all bits (the finalizer of MurmurHash3), so that sums of such numbers tell their parts apart.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
        value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
        return value ^ (value >> 33);
    }

    public static ulong Of(ReadOnlySpan<byte> text) => XxHash3.HashToUInt64(text, Seed);

    /// <summary>An integer is hashed as it is spelt, so that a column that turns out to hold words too keeps its hashes.</summary>
    public static ulong Of(long integer)
    {
        Span<byte> text = stackalloc byte[24];
        Utf8Formatter.TryFormat(integer, text, out var length);
        return Of(text[..length]);
    }

    /// <summary>A whole number has the integer's hash: a column that is widened to float keeps its hashes.</summary>
    public static ulong Of(double number) => number is >= -ExactIntegers and <= ExactIntegers && Math.Truncate(number) == number
        ? Of((long)number)
        : Of(MemoryMarshal.AsBytes(new ReadOnlySpan<double>(in number)));

    /// <summary>The hash of an integer's text.</summary>
    public static ulong OfInteger(ReadOnlySpan<byte> text)
    {
        var first = text[0] == '-' ? 1 : 0;
        return (text[first] is >= (byte)'1' and <= (byte)'9' || (first == 0 && text is [(byte)'0'])) || !Ingest.NumberParser.TryInt64(text, out var integer)
            ? Of(text)
            : Of(integer);
    }
}
