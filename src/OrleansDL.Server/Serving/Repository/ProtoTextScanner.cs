using System.Buffers;
using System.Globalization;
using System.Text;

namespace OrleansDL.Serving.Repository;

/// <summary>Cuts protobuf's text format into words, numbers, strings and marks. <c>#</c> begins a comment.</summary>
internal sealed class ProtoTextScanner
{
    private static readonly SearchValues<char> WordCharacters = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz.+-");
    private readonly string _text;
    private int _at;
    private int _line = 1;

    public ProtoTextScanner(string text)
    {
        _text = text;
        Next();
    }

    /// <summary>What stands here: a word or number, a mark of one character, or empty at the end. A string's contents are <see cref="Bytes"/>.</summary>
    public string Token { get; private set; } = "";

    /// <summary>Contents of the string that stands here; null when it is none.</summary>
    public byte[]? Bytes { get; private set; }

    public bool IsEnd => Token.Length == 0 && Bytes is null;

    /// <summary>Takes the mark if it stands here.</summary>
    public bool TryTake(char mark)
    {
        var taken = Bytes is null && Token.Length == 1 && Token[0] == mark;
        if (taken)
        {
            Next();
        }

        return taken;
    }

    public void Take(char mark)
    {
        if (!TryTake(mark))
        {
            throw Wrong($"'{mark}' is expected");
        }
    }

    /// <summary>Takes the word or number that stands here.</summary>
    public string TakeWord(string what)
    {
        var word = Token;
        if (Bytes is not null || word.Length == 0 || !WordCharacters.Contains(word[0]))
        {
            throw Wrong($"{what} is expected");
        }

        Next();
        return word;
    }

    /// <summary>Takes the string that stands here; strings that stand side by side are one.</summary>
    public byte[] TakeString(string what)
    {
        var bytes = Bytes ?? throw Wrong($"{what}, a string in quotes, is expected");
        Next();
        while (Bytes is { } more)
        {
            bytes = [.. bytes, .. more];
            Next();
        }

        return bytes;
    }

    public InvalidException Wrong(string what) => new(string.Create(
        CultureInfo.InvariantCulture, $"line {_line}: {what}, not {(IsEnd ? "the end" : Bytes is null ? $"'{Token}'" : "a string")}"));

    private void Next()
    {
        SkipSpace();
        (Token, Bytes) = ("", null);
        if (_at == _text.Length)
        {
            return;
        }

        if (_text[_at] is '"' or '\'')
        {
            Bytes = ReadString();
            return;
        }

        var length = _text.AsSpan(_at).IndexOfAnyExcept(WordCharacters);
        length = length < 0 ? _text.Length - _at : Math.Max(1, length);
        Token = _text.Substring(_at, length);
        _at += length;
    }

    private void SkipSpace()
    {
        for (; _at < _text.Length && (char.IsWhiteSpace(_text[_at]) || _text[_at] == '#'); _at++)
        {
            if (_text[_at] == '#')
            {
                var end = _text.AsSpan(_at).IndexOf('\n');
                _at = end < 0 ? _text.Length - 1 : _at + end;
            }

            _line += _text[_at] == '\n' ? 1 : 0;
        }
    }

    private byte[] ReadString()
    {
        var quote = _text[_at++];
        var bytes = new ArrayBufferWriter<byte>();
        while (true)
        {
            if (_at == _text.Length || _text[_at] == '\n')
            {
                throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"line {_line}: a string is not closed"));
            }

            var character = _text[_at];
            if (character == quote)
            {
                _at++;
                return bytes.WrittenSpan.ToArray();
            }

            if (character == '\\')
            {
                _at++;
                bytes.Write([ReadEscape()]);
            }
            else
            {
                var length = char.IsHighSurrogate(character) && _at + 1 < _text.Length ? 2 : 1;
                bytes.Write(Encoding.UTF8.GetBytes(_text.Substring(_at, length)));
                _at += length;
            }
        }
    }

    private byte ReadEscape()
    {
        var escape = _at < _text.Length ? _text[_at++] : '\0';
        switch (escape)
        {
            case 'n': return (byte)'\n';
            case 't': return (byte)'\t';
            case 'r': return (byte)'\r';
            case '\\' or '\'' or '"' or '?': return (byte)escape;
            case 'x' or 'X': return ReadDigits(16, 2);
            case >= '0' and <= '7':
                _at--;
                return ReadDigits(8, 3);
            default:
                throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"line {_line}: '\\{escape}' in a string means nothing"));
        }
    }

    private byte ReadDigits(int radix, int most)
    {
        var (value, count) = (0, 0);
        for (; count < most && _at < _text.Length && char.IsAsciiHexDigit(_text[_at]) && Convert.ToInt32(_text[_at].ToString(), 16) is var digit && digit < radix; count++, _at++)
        {
            value = (value * radix) + digit;
        }

        return count > 0 && value <= byte.MaxValue
            ? (byte)value
            : throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"line {_line}: an escape in a string has no number from 0 to 255"));
    }
}
