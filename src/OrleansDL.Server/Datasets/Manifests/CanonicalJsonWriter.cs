using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace OrleansDL.Datasets.Manifests;

/// <summary>Writes JSON that has one spelling only (RFC 8785): sorted keys, no white space, minimal escapes, ECMAScript numbers.</summary>
/// <remarks>Keys are written by code, so they are checked to be sorted instead of being sorted again.</remarks>
internal sealed class CanonicalJsonWriter
{
    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly Stack<string?> _lastKeys = new();
    private bool _comma;

    public ReadOnlyMemory<byte> Written => _output.WrittenMemory;

    public int Length => _output.WrittenCount;

    public void Clear()
    {
        _output.ResetWrittenCount();
        _lastKeys.Clear();
        _comma = false;
    }

    public CanonicalJsonWriter StartObject()
    {
        Separate();
        Put((byte)'{');
        _lastKeys.Push(null);
        _comma = false;
        return this;
    }

    public CanonicalJsonWriter EndObject()
    {
        _lastKeys.Pop();
        Put((byte)'}');
        _comma = true;
        return this;
    }

    public CanonicalJsonWriter StartArray()
    {
        Separate();
        Put((byte)'[');
        _comma = false;
        return this;
    }

    public CanonicalJsonWriter EndArray()
    {
        Put((byte)']');
        _comma = true;
        return this;
    }

    public CanonicalJsonWriter Key(string key)
    {
        if (_lastKeys.Pop() is { } last && string.CompareOrdinal(last, key) >= 0)
        {
            throw new InvalidOperationException($"Canonical keys are sorted: '{key}' cannot follow '{last}'.");
        }

        _lastKeys.Push(key);
        Separate();
        Text(key);
        Put((byte)':');
        _comma = false;
        return this;
    }

    public CanonicalJsonWriter Value(string value)
    {
        Separate();
        Text(value);
        _comma = true;
        return this;
    }

    public CanonicalJsonWriter Value(long value)
    {
        // Beyond 2^53 a JSON reader elsewhere may round; nothing we count gets there.
        if (value is > 9007199254740991 or < -9007199254740991)
        {
            throw new InvalidOperationException($"{value} is beyond the integers every JSON reader keeps.");
        }

        Separate();
        Utf8Formatter.TryFormat(value, _output.GetSpan(24), out var length);
        _output.Advance(length);
        _comma = true;
        return this;
    }

    public CanonicalJsonWriter Value(double value)
    {
        Separate();
        Ascii(Number(value));
        _comma = true;
        return this;
    }

    public CanonicalJsonWriter Value(bool value)
    {
        Separate();
        Ascii(value ? "true" : "false");
        _comma = true;
        return this;
    }

    /// <summary>A field that is left out when it says nothing, so that fields can be added without changing old digests.</summary>
    public CanonicalJsonWriter Optional(string key, string? value) => value is null ? this : Key(key).Value(value);

    public CanonicalJsonWriter Optional(string key, double? value) => value is { } number ? Key(key).Value(number) : this;

    public CanonicalJsonWriter Optional(string key, long? value) => value is { } number ? Key(key).Value(number) : this;

    public CanonicalJsonWriter Optional(string key, bool value) => value ? Key(key).Value(true) : this;

    /// <summary>Takes over what is canonical already.</summary>
    public CanonicalJsonWriter Raw(ReadOnlySpan<byte> canonical)
    {
        Separate();
        canonical.CopyTo(_output.GetSpan(canonical.Length));
        _output.Advance(canonical.Length);
        _comma = true;
        return this;
    }

    /// <summary>Ends a line of a document of lines.</summary>
    public CanonicalJsonWriter EndLine()
    {
        Put((byte)'\n');
        _comma = false;
        return this;
    }

    /// <summary>The shortest digits that read back as the same double, laid out as ECMAScript does.</summary>
    internal static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new InvalidOperationException("JSON has no number for infinity or NaN.");
        }

        if (value == 0)
        {
            return "0";
        }

        var (digits, exponent) = Digits(Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
        var text = new StringBuilder(value < 0 ? "-" : "");
        var count = digits.Length;
        if (count <= exponent && exponent <= 21)
        {
            text.Append(digits).Append('0', exponent - count);
        }
        else if (exponent is > 0 and <= 21)
        {
            text.Append(digits, 0, exponent).Append('.').Append(digits, exponent, count - exponent);
        }
        else if (exponent is > -6 and <= 0)
        {
            text.Append("0.").Append('0', -exponent).Append(digits);
        }
        else
        {
            text.Append(digits[0]);
            if (count > 1)
            {
                text.Append('.').Append(digits, 1, count - 1);
            }

            text.Append('e').Append(exponent > 0 ? '+' : '-').Append(Math.Abs(exponent - 1).ToString(CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    // Digits d1..dk and n with value = 0.d1..dk * 10^n.
    private static (string Digits, int Exponent) Digits(string roundTrip)
    {
        var mark = roundTrip.IndexOf('E', StringComparison.Ordinal);
        var mantissa = mark < 0 ? roundTrip : roundTrip[..mark];
        var scale = mark < 0 ? 0 : int.Parse(roundTrip.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa.Length : point;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var significant = all.TrimStart('0');
        return (significant.TrimEnd('0'), whole - (all.Length - significant.Length) + scale);
    }

    private void Separate()
    {
        if (_comma)
        {
            Put((byte)',');
            _comma = false;
        }
    }

    private void Text(string text)
    {
        Put((byte)'"');
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (character >= ' ' && character != '"' && character != '\\')
            {
                continue;
            }

            Utf8(text.AsSpan(start, i - start));
            start = i + 1;
            Ascii(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => "\\u" + ((int)character).ToString("x4", CultureInfo.InvariantCulture),
            });
        }

        Utf8(text.AsSpan(start));
        Put((byte)'"');
    }

    private void Utf8(ReadOnlySpan<char> text)
    {
        var span = _output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        _output.Advance(Encoding.UTF8.GetBytes(text, span));
    }

    private void Ascii(string text)
    {
        var span = _output.GetSpan(text.Length);
        _output.Advance(Encoding.ASCII.GetBytes(text, span));
    }

    private void Put(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }
}
