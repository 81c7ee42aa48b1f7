namespace OrleansDL.Pipelines.Tokens;

/// <summary>What stands between the spaces of a text, as it is written.</summary>
internal ref struct SpacedWords(string text)
{
    private readonly string _text = text;
    private int _next;

    public ReadOnlySpan<char> Current { get; private set; }

    public readonly SpacedWords GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_next < _text.Length && char.IsWhiteSpace(_text[_next]))
        {
            _next++;
        }

        var start = _next;
        while (_next < _text.Length && !char.IsWhiteSpace(_text[_next]))
        {
            _next++;
        }

        Current = _text.AsSpan(start, _next - start);
        return _next > start;
    }

    public static int CountOf(string text)
    {
        var count = 0;
        foreach (var _ in new SpacedWords(text))
        {
            count++;
        }

        return count;
    }
}
