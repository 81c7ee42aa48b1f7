using System.Text;

namespace OrleansDL.Pipelines.Tokens;

/// <summary>A token for each byte of the text in UTF-8: byte b is token b + 2.</summary>
internal sealed class ByteTokenizer : Tokenizer
{
    public const int Values = 256;

    public override int Count => Values + First;

    public override int Encode(string text, Span<long> tokens)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var count = Math.Min(bytes.Length, tokens.Length);
        for (var index = 0; index < count; index++)
        {
            tokens[index] = bytes[index] + First;
        }

        return count;
    }

    public override string Decode(ReadOnlySpan<long> tokens)
    {
        var bytes = new List<byte>(tokens.Length);
        foreach (var token in tokens)
        {
            if (token >= First)
            {
                bytes.Add((byte)(token - First));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
