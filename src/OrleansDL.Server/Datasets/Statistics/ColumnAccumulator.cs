using System.Buffers.Text;
using System.Globalization;
using System.Text;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Takes one column's values as they stream by: finds the narrowest type that holds them all, or holds them to a given one, and counts.</summary>
internal sealed class ColumnAccumulator(string name, ColumnType? expected)
{
    private readonly NumberSummary _numbers = new();
    private readonly ValueCounter _values = new();
    private readonly bool _held = expected is not null;
    private ColumnType? _type = expected;
    private long _count;
    private long _nulls;
    private long _notFinite;

    public string Name => name;

    /// <summary>The last row that had a value here; JSON Lines finds repeated and missing names by it.</summary>
    public long LastRow { get; set; } = -1;

    public void AddNull() => _nulls++;

    public void AddNulls(long count) => _nulls += count;

    /// <summary>A value as text, as in CSV.</summary>
    public void AddText(ReadOnlySpan<byte> text, long line)
    {
        switch (_type)
        {
            case ColumnType.Int64 when NumberParser.TryInt64(text, out var integer):
                _numbers.Add(integer);
                break;
            case ColumnType.Float64 when NumberParser.TryDouble(text, out var number):
                AddDouble(number, text, line);
                break;
            case ColumnType.String:
            case ColumnType.Bool when IsBool(text):
                break;
            default:
                Widen(text, line);
                break;
        }

        _count++;
        _values.Add(text);
    }

    /// <summary>A value that has a type already, as in JSON.</summary>
    public void AddTyped(ColumnType type, ReadOnlySpan<byte> text, long line)
    {
        var now = _type ?? type;
        if (type == ColumnType.Int64 && now == ColumnType.Float64)
        {
            type = ColumnType.Float64;
        }
        else if (type == ColumnType.Float64 && now == ColumnType.Int64)
        {
            now = ColumnType.Float64;
        }

        if (type != now)
        {
            throw new InvalidException($"Line {line}, column '{name}': {Say(type)} stands where the {(_held ? "dataset's schema has" : "lines before have")} {Say(now)}.");
        }

        _type = now;
        if (type == ColumnType.Int64)
        {
            NumberParser.TryInt64(text, out var integer);
            _numbers.Add(integer);
        }
        else if (type == ColumnType.Float64)
        {
            NumberParser.TryDouble(text, out var number);
            AddDouble(number, text, line);
        }

        _count++;
        _values.Add(text);
    }

    /// <summary>A value that is an integer already, as in Arrow.</summary>
    public void AddInteger(long value)
    {
        _type ??= ColumnType.Int64;
        Span<byte> text = stackalloc byte[24];
        Utf8Formatter.TryFormat(value, text, out var length);
        _numbers.Add(value);
        _count++;
        _values.Add(text[..length]);
    }

    /// <summary>A value that is a float already. NaN and infinity are no values: they are counted on their own.</summary>
    public void AddFloat(double value)
    {
        _type = _type is null or ColumnType.Int64 ? ColumnType.Float64 : _type;
        if (!double.IsFinite(value))
        {
            _notFinite++;
            return;
        }

        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        _numbers.Add(value);
        _count++;
        _values.Add(text[..length]);
    }

    public void AddBool(bool value)
    {
        _type ??= ColumnType.Bool;
        _count++;
        _values.Add(value ? "true"u8 : "false"u8);
    }

    public void AddString(ReadOnlySpan<byte> utf8)
    {
        _type ??= ColumnType.String;
        _count++;
        _values.Add(utf8);
    }

    /// <summary>A value of which only its being there counts.</summary>
    public void AddOpaque() => _count++;

    public Column ToColumn() => new() { Name = name, Type = _type ?? ColumnType.String, Nullable = _nulls > 0 };

    public ColumnStatistics ToStatistics()
    {
        var type = _type ?? ColumnType.String;
        var numbers = type is ColumnType.Int64 or ColumnType.Float64 ? _numbers.Finish() : null;
        return new ColumnStatistics
        {
            Name = name,
            Type = type,
            Count = _count,
            Nulls = _nulls,
            NotFinite = _notFinite == 0 ? null : _notFinite,
            Min = numbers?.Min,
            Max = numbers?.Max,
            Mean = numbers?.Mean,
            M2 = numbers?.M2,
            Values = type is ColumnType.Image or ColumnType.Tensor ? null : _values.ToCounts(text => Canonical(text, type)),
        };
    }

    /// <summary>One spelling per value: 7, 07 and +7 are one integer.</summary>
    public static string Canonical(string text, ColumnType type)
    {
        if (type is not (ColumnType.Int64 or ColumnType.Float64))
        {
            return type == ColumnType.Bool ? (text[0] is 't' or 'T' ? "true" : "false") : text;
        }

        var utf8 = Encoding.UTF8.GetBytes(text);
        return type == ColumnType.Int64 && NumberParser.TryInt64(utf8, out var integer)
            ? integer.ToString(CultureInfo.InvariantCulture)
            : NumberParser.TryDouble(utf8, out var number) ? CanonicalJsonWriter.Number(number) : text;
    }

    private void Widen(ReadOnlySpan<byte> text, long line)
    {
        if (NumberParser.TryInt64(text, out var integer))
        {
            if (_type is null)
            {
                _type = ColumnType.Int64;
                _numbers.Add(integer);
                return;
            }
        }
        else if (NumberParser.TryDouble(text, out var number))
        {
            if (_type is null || (_type == ColumnType.Int64))
            {
                _type = ColumnType.Float64;
                AddDouble(number, text, line);
                return;
            }
        }
        else if (_type is null && IsBool(text))
        {
            _type = ColumnType.Bool;
            return;
        }

        if (_held)
        {
            throw new InvalidException(
                $"Line {line}, column '{name}': '{Show(text)}' is no {Say(_type!.Value)}, which the dataset's schema has there. Correct the value, or create another dataset.");
        }

        _type = ColumnType.String;
    }

    private void AddDouble(double number, ReadOnlySpan<byte> text, long line)
    {
        if (!double.IsFinite(number))
        {
            throw new InvalidException($"Line {line}, column '{name}': the number '{Show(text)}' is too great for a 64-bit float. Scale the column, or quote it as text.");
        }

        _numbers.Add(number);
    }

    private static bool IsBool(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out bool _, out var consumed) && consumed == text.Length;

    private static string Show(ReadOnlySpan<byte> text)
    {
        var shown = Encoding.UTF8.GetString(text.Length > 64 ? text[..64] : text);
        return text.Length > 64 ? shown + "..." : shown;
    }

    private static string Say(ColumnType type) => type switch
    {
        ColumnType.Bool => "bool",
        ColumnType.Int64 => "int64",
        ColumnType.Float64 => "float64",
        ColumnType.String => "string",
        ColumnType.Image => "image",
        _ => "tensor",
    };
}
