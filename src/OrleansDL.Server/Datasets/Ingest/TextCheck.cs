using System.Text.Unicode;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Refuses bytes that are no text, naming the line.</summary>
internal static class TextCheck
{
    /// <param name="text">Whole lines.</param>
    /// <param name="line">Number of the first of them.</param>
    public static void Check(ReadOnlySpan<byte> text, long line)
    {
        var zero = text.IndexOf((byte)0);
        if (zero >= 0)
        {
            throw new InvalidException($"Line {line + Lines(text[..zero])} holds a NUL byte. The file must be UTF-8 text.");
        }

        if (Utf8.IsValid(text))
        {
            return;
        }

        while (true)
        {
            var end = text.IndexOf((byte)'\n');
            if (end < 0 || !Utf8.IsValid(text[..end]))
            {
                throw new InvalidException($"Line {line} is not valid UTF-8. Convert the file to UTF-8.");
            }

            text = text[(end + 1)..];
            line++;
        }
    }

    public static long Lines(ReadOnlySpan<byte> text) => text.Count((byte)'\n');
}
