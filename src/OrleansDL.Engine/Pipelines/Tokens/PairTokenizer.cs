using System.Text;

namespace OrleansDL.Pipelines.Tokens;

/// <summary>Byte-pair encoding: tokens 2 to 257 are bytes, each further one a pair of tokens before it, merged within the chunks of a text in the order the pairs were learnt.</summary>
internal sealed class PairTokenizer : Tokenizer
{
    private readonly Dictionary<(int Left, int Right), int> _merged = [];
    private readonly byte[][] _bytes;

    /// <param name="merges">Pairs of tokens in the order they were learnt.</param>
    public PairTokenizer(IReadOnlyList<IReadOnlyList<int>> merges)
    {
        _bytes = new byte[ByteTokenizer.Values + merges.Count][];
        for (var value = 0; value < ByteTokenizer.Values; value++)
        {
            _bytes[value] = [(byte)value];
        }

        foreach (var (index, pair) in merges.Index())
        {
            var token = ByteTokenizer.Values + index;
            if (pair.Count != 2 || pair.Any(part => part < First || part - First >= token))
            {
                throw new InvalidException($"pipeline.json is damaged: merge {index} is no pair of earlier tokens.");
            }

            _merged[(pair[0], pair[1])] = token + First;
            _bytes[token] = [.. _bytes[pair[0] - First], .. _bytes[pair[1] - First]];
        }
    }

    public override int Count => _bytes.Length + First;

    public override int Encode(string text, Span<long> tokens)
    {
        var count = 0;
        Span<int> parts = stackalloc int[ByteChunks.Longest];
        foreach (var chunk in new ByteChunks(Encoding.UTF8.GetBytes(text)))
        {
            for (var index = 0; index < chunk.Length; index++)
            {
                parts[index] = chunk[index] + First;
            }

            foreach (var token in parts[..Merge(parts, chunk.Length)])
            {
                if (count == tokens.Length)
                {
                    return count;
                }

                tokens[count++] = token;
            }
        }

        return count;
    }

    public override string Decode(ReadOnlySpan<long> tokens)
    {
        var bytes = new List<byte>(tokens.Length * 4);
        foreach (var token in tokens)
        {
            if (token >= First)
            {
                bytes.AddRange(_bytes[token - First]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>Merges the pair that was learnt first, again and again, and returns how many tokens are left.</summary>
    private int Merge(Span<int> parts, int count)
    {
        while (true)
        {
            var best = int.MaxValue;
            for (var index = 0; index + 1 < count; index++)
            {
                if (_merged.TryGetValue((parts[index], parts[index + 1]), out var token) && token < best)
                {
                    best = token;
                }
            }

            if (best == int.MaxValue)
            {
                return count;
            }

            var kept = 0;
            for (var index = 0; index < count; index++)
            {
                var whole = index + 1 < count && _merged.TryGetValue((parts[index], parts[index + 1]), out var token) && token == best;
                parts[kept++] = whole ? best : parts[index];
                index += whole ? 1 : 0;
            }

            count = kept;
        }
    }
}
