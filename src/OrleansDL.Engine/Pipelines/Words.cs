namespace OrleansDL.Pipelines;

/// <summary>The words of a text, lower-cased: runs of letters and digits, with apostrophes inside them.</summary>
internal ref struct Words(string text)
{
    private readonly string _text = text.ToLowerInvariant();
    private int _next;

    public ReadOnlySpan<char> Current { get; private set; }

    public readonly Words GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_next < _text.Length && !char.IsLetterOrDigit(_text[_next]))
        {
            _next++;
        }

        var start = _next;
        while (_next < _text.Length && (char.IsLetterOrDigit(_text[_next]) || IsInnerApostrophe(_next)))
        {
            _next++;
        }

        Current = _text.AsSpan(start, _next - start);
        return _next > start;
    }

    private readonly bool IsInnerApostrophe(int at) =>
        _text[at] is '\'' or '\u2019' && at + 1 < _text.Length && char.IsLetterOrDigit(_text[at + 1]);
}
