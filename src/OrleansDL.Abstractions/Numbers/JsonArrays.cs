using System.Buffers;
using System.Text.Json;

namespace OrleansDL.Numbers;

/// <summary>Passes over JSON arrays by their brackets and quotes alone: whoever reads what is in them says whether it is JSON.</summary>
internal static class JsonArrays
{
    private static readonly SearchValues<byte> Marks = SearchValues.Create("[]{}\""u8);
    private static readonly SearchValues<byte> OuterMarks = SearchValues.Create("[]{}\","u8);
    private static readonly SearchValues<byte> StringMarks = SearchValues.Create("\"\\"u8);

    /// <param name="json">The text; <paramref name="at"/> is where the value begins, white space before it included.</param>
    /// <param name="at">Afterwards behind the array, when it is one and ends.</param>
    /// <param name="elements">How many it has, if what is in it is JSON.</param>
    public static bool TrySkip(ReadOnlySpan<byte> json, ref int at, out int elements)
    {
        var position = AfterSpace(json, at);
        elements = 0;
        if (position >= json.Length || json[position] != (byte)'[')
        {
            return false;
        }

        position = AfterSpace(json, position + 1);
        elements = position < json.Length && json[position] == (byte)']' ? 0 : 1;
        for (var depth = 1; depth > 0; position++)
        {
            var next = json[position..].IndexOfAny(depth == 1 ? OuterMarks : Marks);
            if (next < 0)
            {
                return false;
            }

            position += next;
            switch (json[position])
            {
                case (byte)'[' or (byte)'{':
                    depth++;
                    break;
                case (byte)']' or (byte)'}':
                    depth--;
                    break;
                case (byte)',':
                    elements++;
                    break;
                default:
                    if (!TrySkipString(json, ref position))
                    {
                        return false;
                    }

                    break;
            }
        }

        at = position;
        return true;
    }

    /// <summary>A reader that goes on behind an array it has not seen: it is shown an empty one in its place.</summary>
    /// <param name="json">The text.</param>
    /// <param name="end">Where in it the array ended.</param>
    /// <param name="state">Of the reader that stood before the array.</param>
    public static Utf8JsonReader Behind(ReadOnlySpan<byte> json, int end, JsonReaderState state)
    {
        var stand = new Utf8JsonReader("[]"u8, isFinalBlock: false, state);
        stand.Read();
        stand.Read();
        return new Utf8JsonReader(json[end..], isFinalBlock: true, stand.CurrentState);
    }

    /// <summary>The first place from <paramref name="at"/> on that is no white space.</summary>
    public static int AfterSpace(ReadOnlySpan<byte> json, int at)
    {
        while ((uint)at < (uint)json.Length && json[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    /// <summary>From the quote that begins a string to the one that ends it.</summary>
    private static bool TrySkipString(ReadOnlySpan<byte> json, ref int at)
    {
        at++;
        while (true)
        {
            var next = json[Math.Min(at, json.Length)..].IndexOfAny(StringMarks);
            if (next < 0)
            {
                return false;
            }

            at += next;
            if (json[at] == (byte)'"')
            {
                return true;
            }

            at += 2;
        }
    }
}
