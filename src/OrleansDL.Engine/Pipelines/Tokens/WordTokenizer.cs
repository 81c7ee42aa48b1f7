using System.Text;

namespace OrleansDL.Pipelines.Tokens;

/// <summary>Words of a learnt vocabulary: lower-cased runs of letters and digits, or what stands between spaces as it is.</summary>
internal sealed class WordTokenizer(IReadOnlyList<string> vocabulary, bool split) : Tokenizer
{
    private readonly Dictionary<string, int> _ids = vocabulary.Index().ToDictionary(word => word.Item, word => word.Index + First, StringComparer.Ordinal);

    public override int Count => vocabulary.Count + First;

    public override int Encode(string text, Span<long> tokens)
    {
        var ids = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var count = 0;
        if (split)
        {
            foreach (var word in new SpacedWords(text))
            {
                if (count == tokens.Length)
                {
                    break;
                }

                tokens[count++] = ids.TryGetValue(word, out var id) ? id : Unknown;
            }

            return count;
        }

        foreach (var word in new Pipelines.Words(text))
        {
            if (count == tokens.Length)
            {
                break;
            }

            tokens[count++] = ids.TryGetValue(word, out var id) ? id : Unknown;
        }

        return count;
    }

    public override string Decode(ReadOnlySpan<long> tokens)
    {
        var text = new StringBuilder();
        foreach (var token in tokens)
        {
            if (token != Padding)
            {
                text.Append(text.Length > 0 ? " " : "").Append(token == Unknown ? "\ufffd" : vocabulary[(int)token - First]);
            }
        }

        return text.ToString();
    }
}
