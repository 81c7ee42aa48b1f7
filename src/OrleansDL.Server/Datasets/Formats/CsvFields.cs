namespace OrleansDL.Datasets.Formats;

/// <summary>Takes apart records of a CSV or TSV file that was checked when it came in. Nothing is allocated per record.</summary>
internal sealed class CsvFields(byte delimiter)
{
    private Field[] _fields = new Field[16];
    private byte[] _scratch = [];

    /// <summary>Fields of the record last read; 0 for an empty line, which is no row.</summary>
    public int Count { get; private set; }

    /// <summary>Finds the fields of the first record in the text.</summary>
    /// <returns>The record's length with its line end; 0 when its end is not here yet.</returns>
    public int Read(ReadOnlySpan<byte> text, bool last)
    {
        Count = 0;
        if (text.IsEmpty)
        {
            return 0;
        }

        if (text[0] == '\n')
        {
            return 1;
        }

        if (text[0] == '\r')
        {
            return text.Length > 1 ? 2 : 0;
        }

        var position = 0;
        while (true)
        {
            int end;
            if (position < text.Length && text[position] == '"')
            {
                end = EndOfQuoted(text, position, last);
                if (end < 0)
                {
                    return 0;
                }

                position = end + 1;
            }
            else
            {
                var length = text[position..].IndexOfAny(delimiter, (byte)'\n');
                if (length < 0 && !last)
                {
                    return 0;
                }

                end = length < 0 ? text.Length : position + length;
                var stop = end > position && text[end - 1] == '\r' && (end == text.Length || text[end] == '\n') ? end - 1 : end;
                Add(new Field(position, stop - position, Doubled: false));
                position = end;
            }

            if (position == text.Length)
            {
                return last ? position : 0;
            }

            if (text[position] == delimiter)
            {
                position++;
                continue;
            }

            if (text[position] == '\r')
            {
                position++;
            }

            return position < text.Length ? position + 1 : last ? position : 0;
        }
    }

    /// <summary>A field of the record last read, without its quotes; good until the next call.</summary>
    public ReadOnlySpan<byte> Get(ReadOnlySpan<byte> text, int index)
    {
        var field = _fields[index];
        var raw = text.Slice(field.Start, field.Length);
        if (!field.Doubled)
        {
            return raw;
        }

        if (_scratch.Length < raw.Length)
        {
            _scratch = new byte[Math.Max(4096, raw.Length)];
        }

        var written = 0;
        while (raw.IndexOf((byte)'"') is >= 0 and var quote)
        {
            raw[..(quote + 1)].CopyTo(_scratch.AsSpan(written));
            written += quote + 1;
            raw = raw[(quote + 2)..];
        }

        raw.CopyTo(_scratch.AsSpan(written));
        return _scratch.AsSpan(0, written + raw.Length);
    }

    // The place of the closing quote; negative when it is not here yet.
    private int EndOfQuoted(ReadOnlySpan<byte> text, int start, bool last)
    {
        var doubled = false;
        var position = start + 1;
        while (true)
        {
            var quote = text[position..].IndexOf((byte)'"');
            var end = position + quote;
            if (quote < 0 || (end + 1 == text.Length && !last))
            {
                return last ? throw new InvalidDataException("A quote is never closed.") : -1;
            }

            if (end + 1 == text.Length || text[end + 1] != '"')
            {
                Add(new Field(start + 1, end - start - 1, doubled));
                return end;
            }

            doubled = true;
            position = end + 2;
        }
    }

    private void Add(Field field)
    {
        if (Count == _fields.Length)
        {
            Array.Resize(ref _fields, Count * 2);
        }

        _fields[Count++] = field;
    }

    private readonly record struct Field(int Start, int Length, bool Doubled);
}
