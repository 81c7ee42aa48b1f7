using OrleansDL.Inference.Generation;

namespace OrleansDL.Serving.Generation;

/// <summary>Makes text of tokens as they come, and holds back what may yet change: half a character, or the beginning of a text to stop at.</summary>
internal sealed class TextPieces(GenerationModel model, IReadOnlyList<string> stops)
{
    private const char Unfinished = '\ufffd';

    private readonly List<long> _tokens = [];
    private int _given;

    /// <summary>Whether a text to stop at came; what is before it was given.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Tokens added so far.</summary>
    public int Count => _tokens.Count;

    /// <returns>The text that is certain now.</returns>
    public string Add(long token)
    {
        _tokens.Add(token);
        var whole = model.Decode([.. _tokens]);
        var stop = stops.Select(text => whole.IndexOf(text, _given, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        IsStopped = stop >= 0;
        return Give(whole, IsStopped ? stop : Certain(whole));
    }

    /// <returns>What was held back: no more tokens come.</returns>
    public string End()
    {
        var whole = model.Decode([.. _tokens]);
        return Give(whole, whole.Length);
    }

    private string Give(string whole, int end)
    {
        var piece = whole[_given..Math.Max(_given, end)];
        _given += piece.Length;
        return piece;
    }

    private int Certain(string whole)
    {
        var end = whole.Length;
        while (end > _given && whole[end - 1] == Unfinished)
        {
            end--;
        }

        // The first place from which the rest of the text is the beginning of one to stop at.
        for (var at = _given; at < end; at++)
        {
            if (stops.Any(stop => stop.AsSpan().StartsWith(whole.AsSpan(at, end - at), StringComparison.Ordinal)))
            {
                return at;
            }
        }

        return end;
    }
}
