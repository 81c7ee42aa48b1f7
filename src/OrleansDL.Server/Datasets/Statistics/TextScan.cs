using System.Numerics;
using System.Runtime.Intrinsics;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Measures UTF-8 text 32 bytes at a time.</summary>
internal static class TextScan
{
    /// <summary>Code points, and words: runs of anything but ASCII white space and control characters.</summary>
    public static (int Characters, int Words) Measure(ReadOnlySpan<byte> text)
    {
        var (characters, words) = (0, 0);
        var before = 1u;
        while (text.Length >= Vector256<byte>.Count)
        {
            var bytes = Vector256.Create(text);

            // Bytes 0x80 to 0xBF go on with a character that has begun.
            characters += BitOperations.PopCount(Vector256.GreaterThan(bytes.AsSByte(), Vector256.Create((sbyte)-65)).ExtractMostSignificantBits());
            var gaps = Vector256.LessThanOrEqual(bytes, Vector256.Create((byte)0x20)).ExtractMostSignificantBits();
            words += BitOperations.PopCount(~gaps & ((gaps << 1) | before));
            before = gaps >> 31;
            text = text[Vector256<byte>.Count..];
        }

        foreach (var value in text)
        {
            characters += (sbyte)value > -65 ? 1 : 0;
            var gap = value <= 0x20 ? 1u : 0;
            words += (int)(~gap & before & 1);
            before = gap;
        }

        return (characters, words);
    }
}
