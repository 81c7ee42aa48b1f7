using System.Runtime.InteropServices;
using System.Text;

namespace OrleansDL.Pipelines.Tokens;

/// <summary>Learns byte pairs: the pair of tokens that stands together most often becomes a token, again and again; of equals the one of lower numbers.</summary>
internal sealed class PairLearner
{
    private readonly Dictionary<string, long> _chunks = new(StringComparer.Ordinal);

    public void Add(string text)
    {
        var chunks = _chunks.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> key = stackalloc char[ByteChunks.Longest];
        foreach (var chunk in new ByteChunks(Encoding.UTF8.GetBytes(text)))
        {
            Encoding.Latin1.GetChars(chunk, key);
            CollectionsMarshal.GetValueRefOrAddDefault(chunks, key[..chunk.Length], out _)++;
        }
    }

    /// <param name="count">Tokens there shall be at most, padding and end included.</param>
    public IReadOnlyList<IReadOnlyList<int>> Learn(int count)
    {
        // In the order of their text: what is learnt does not hang on the order of the rows.
        var words = _chunks.OrderBy(chunk => chunk.Key, StringComparer.Ordinal)
            .Select(chunk => (Parts: chunk.Key.Select(value => value + Tokenizer.First).ToList(), Count: chunk.Value)).ToList();
        var counts = new Dictionary<(int Left, int Right), long>();
        var places = new Dictionary<(int Left, int Right), HashSet<int>>();
        foreach (var (index, word) in words.Index())
        {
            Count(word.Parts, word.Count, index, counts, places);
        }

        var queue = new PriorityQueue<(int Left, int Right), (long, int, int)>(
            counts.Select(pair => (pair.Key, (-pair.Value, pair.Key.Left, pair.Key.Right))));
        var merges = new List<IReadOnlyList<int>>();
        while (merges.Count < count - ByteTokenizer.Values - Tokenizer.First && queue.TryDequeue(out var pair, out var rank))
        {
            var now = counts.GetValueOrDefault(pair);
            if (now != -rank.Item1)
            {
                // It stood in the queue with an older count.
                if (now > 1)
                {
                    queue.Enqueue(pair, (-now, pair.Left, pair.Right));
                }

                continue;
            }

            if (now < 2)
            {
                break;
            }

            var token = ByteTokenizer.Values + Tokenizer.First + merges.Count;
            merges.Add([pair.Left, pair.Right]);
            Merge(pair, token, words, counts, places, queue);
        }

        return merges;
    }

    private static void Merge(
        (int Left, int Right) pair,
        int token,
        List<(List<int> Parts, long Count)> words,
        Dictionary<(int Left, int Right), long> counts,
        Dictionary<(int Left, int Right), HashSet<int>> places,
        PriorityQueue<(int Left, int Right), (long, int, int)> queue)
    {
        var changed = new HashSet<(int Left, int Right)>();
        foreach (var index in places[pair].Order())
        {
            var (parts, count) = words[index];
            Count(parts, -count, index, counts, null);
            for (var at = 0; at + 1 < parts.Count; at++)
            {
                if ((parts[at], parts[at + 1]) == pair)
                {
                    parts[at] = token;
                    parts.RemoveAt(at + 1);
                }
            }

            Count(parts, count, index, counts, places);
            for (var at = 0; at + 1 < parts.Count; at++)
            {
                if (parts[at] == token || parts[at + 1] == token)
                {
                    changed.Add((parts[at], parts[at + 1]));
                }
            }
        }

        places.Remove(pair);
        counts.Remove(pair);
        foreach (var next in changed)
        {
            queue.Enqueue(next, (-counts[next], next.Left, next.Right));
        }
    }

    private static void Count(List<int> parts, long count, int index, Dictionary<(int Left, int Right), long> counts, Dictionary<(int Left, int Right), HashSet<int>>? places)
    {
        for (var at = 0; at + 1 < parts.Count; at++)
        {
            var pair = (parts[at], parts[at + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(counts, pair, out _) += count;
            if (places is not null)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(places, pair, out _) ??= []).Add(index);
            }
        }
    }
}
