namespace OrleansDL.Pipelines.Tokens;

/// <summary>
/// The chunks of a UTF-8 text within which bytes are merged: a run of letters (every byte of another script is one), of digits, of spaces or of
/// other signs, a single space before it being part of it. A longer run than <see cref="Longest"/> bytes is several. Together they are the text.
/// </summary>
internal ref struct ByteChunks(ReadOnlySpan<byte> text)
{
    public const int Longest = 64;

    private readonly ReadOnlySpan<byte> _text = text;
    private int _next;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly ByteChunks GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_next == _text.Length)
        {
            return false;
        }

        var start = _next++;
        var kind = KindOf(_text[start]);
        if (_text[start] == ' ' && _next < _text.Length && KindOf(_text[_next]) is var after && after != kind)
        {
            kind = after;
            _next++;
        }

        while (_next < _text.Length && _next - start < Longest && KindOf(_text[_next]) == kind)
        {
            _next++;
        }

        // The last of several spaces belongs to what follows.
        if (kind == 2 && _next - start > 1 && _next < _text.Length && _text[_next - 1] == ' ' && KindOf(_text[_next]) != kind)
        {
            _next--;
        }

        Current = _text[start.._next];
        return true;
    }

    private static int KindOf(byte value) => value switch
    {
        >= 128 => 0,
        _ when char.IsAsciiLetter((char)value) => 0,
        >= (byte)'0' and <= (byte)'9' => 1,
        (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r' => 2,
        _ => 3,
    };
}
