using System.Buffers.Text;
using System.Globalization;
using System.Text;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Telemetry;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Takes one column's values as they stream by: finds the narrowest type that holds them all, or holds them to a given one, and counts.</summary>
/// <remarks>
/// While a column has few different values each is counted, and everything else follows from the counts. With more than
/// <see cref="ColumnStatistics.MaximumValues"/>, or with a long text, it goes over to sketches, which the counts so far begin.
/// Where values are lists of labels each label counts as a value, once in a row.
/// </remarks>
internal sealed class ColumnAccumulator(string name, ColumnType? expected, SketchBudget? budget = null, string? separator = null)
{
    private readonly NumberSummary _numbers = new();
    private readonly ValueCounter _values = new();
    private readonly bool _held = expected is not null;
    private readonly byte[]? _separator = separator is null ? null : Encoding.UTF8.GetBytes(separator);
    private ColumnType? _type = expected;
    private HyperLogLog? _distinct;
    private TextLengths? _lengths;
    private double _number;
    private long _count;
    private long _nulls;
    private long _notFinite;
    private bool _wasFloat;

    public string Name => name;

    public string? Separator => separator;

    /// <summary>The last row that had a value here; JSON Lines finds repeated and missing names by it.</summary>
    public long LastRow { get; set; } = -1;

    private bool IsNumber => _type is ColumnType.Int64 or ColumnType.Float64;

    public void AddNull() => _nulls++;

    public void AddNulls(long count) => _nulls += count;

    /// <summary>A value as text, as in CSV.</summary>
    public void AddText(ReadOnlySpan<byte> text, long line)
    {
        switch (_type)
        {
            case ColumnType.Int64 when NumberParser.TryInt64(text, out var integer):
                AddNumber(integer);
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

        Count(text);
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
            AddNumber(integer);
        }
        else if (type == ColumnType.Float64)
        {
            NumberParser.TryDouble(text, out var number);
            AddDouble(number, text, line);
        }

        Count(text);
    }

    /// <summary>A value that is an integer already, as in Arrow.</summary>
    public void AddInteger(long value)
    {
        _type ??= ColumnType.Int64;
        Span<byte> text = stackalloc byte[24];
        Utf8Formatter.TryFormat(value, text, out var length);
        AddNumber(value);
        Count(text[..length]);
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
        AddNumber(value);
        Count(text[..length]);
    }

    public void AddBool(bool value)
    {
        _type ??= ColumnType.Bool;
        Count(value ? "true"u8 : "false"u8);
    }

    public void AddString(ReadOnlySpan<byte> utf8)
    {
        _type ??= ColumnType.String;
        Count(utf8);
    }

    /// <summary>A value of which only its being there counts.</summary>
    public void AddOpaque() => _count++;

    public Column ToColumn() => new() { Name = name, Type = _type ?? ColumnType.String, Nullable = _nulls > 0, Separator = separator };

    public ColumnStatistics ToStatistics()
    {
        var type = _type ?? ColumnType.String;
        var numbers = IsNumber ? _numbers.Finish() : null;
        var countable = type is not (ColumnType.Image or ColumnType.Tensor);
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
            Values = countable && _values.IsExact ? Counts(type) : null,
            Sketches = countable && !_values.IsExact ? Sketches(type) : null,
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

    private void Count(ReadOnlySpan<byte> text)
    {
        _count++;
        if (_separator is null)
        {
            Tally(text);
            return;
        }

        for (var rest = text; !rest.IsEmpty;)
        {
            var length = rest.IndexOf(_separator) is var at and >= 0 ? at : rest.Length;
            var label = rest[..length].Trim((byte)' ');
            if (!label.IsEmpty && !Holds(text[..^rest.Length], label))
            {
                Tally(label);
            }

            rest = rest[Math.Min(rest.Length, length + _separator.Length)..];
        }
    }

    private bool Holds(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> label)
    {
        foreach (var part in labels.Split(_separator))
        {
            if (labels[part].Trim((byte)' ').SequenceEqual(label))
            {
                return true;
            }
        }

        return false;
    }

    private void Tally(ReadOnlySpan<byte> text)
    {
        if (_lengths is not null)
        {
            Sketch(text);
            _values.TryAdd(text);
        }
        else if (!_values.TryAdd(text))
        {
            GoOverToSketches(text);
        }
    }

    /// <summary>Begins sketches with what has been counted so far and the text that is one too many.</summary>
    private void GoOverToSketches(ReadOnlySpan<byte> text)
    {
        _lengths = new TextLengths();
        _distinct = budget?.TryTake() is false ? null : new HyperLogLog();
        if (IsNumber)
        {
            // The number that came with the text is in the summary's block already, and shall not be added twice.
            _numbers.Flush();
            _numbers.Distribution = new DDSketch();
            _numbers.Distribution.Add(_number);
        }

        _values.ForEach((known, count) =>
        {
            if (IsNumber && NumberParser.TryDouble(known, out _number))
            {
                _numbers.Distribution!.Add(_number, count);
            }

            Sketch(known, count);
        });
        if (_distinct is null)
        {
            _values.Stop();
        }
        else
        {
            _values.CountFrequent();
        }

        if (IsNumber)
        {
            NumberParser.TryDouble(text, out _number);
        }

        Sketch(text);
        _values.TryAdd(text);
    }

    private void Sketch(ReadOnlySpan<byte> text, long count = 1)
    {
        if (IsNumber)
        {
            // Only needed should the column turn out to hold words too.
            _lengths!.AddWord(text.Length, count);
        }
        else
        {
            _lengths!.Add(text, count);
        }

        _distinct?.Add(_type switch
        {
            ColumnType.Int64 => ValueHash.OfInteger(text),
            ColumnType.Float64 => ValueHash.Of(_number),
            _ => ValueHash.Of(text),
        });
    }

    private Dictionary<string, long> Counts(ColumnType type)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        _values.ForEach((text, count) =>
        {
            var value = Canonical(Encoding.UTF8.GetString(text), type);
            counts[value] = counts.GetValueOrDefault(value) + count;
        });
        return counts;
    }

    private ColumnSketches Sketches(ColumnType type)
    {
        _values.Trim();
        var texts = type == ColumnType.String ? _lengths?.Finish() : null;
        return new ColumnSketches
        {
            // Fractions that were hashed as numbers would count once more as words.
            Distinct = type == ColumnType.String && _wasFloat ? null : _distinct?.ToBytes(),
            Numbers = type is ColumnType.Int64 or ColumnType.Float64 ? _numbers.Distribution?.ToBytes() : null,
            Characters = texts?.Characters.ToBytes(),
            Words = texts?.Words.ToBytes(),
            Top = _distinct is null ? null : Counts(type),
            TopError = _values.Error,
        };
    }

    private void Widen(ReadOnlySpan<byte> text, long line)
    {
        if (NumberParser.TryInt64(text, out var integer))
        {
            if (_type is null)
            {
                _type = ColumnType.Int64;
                AddNumber(integer);
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

        _wasFloat = _type == ColumnType.Float64 && _lengths is not null;
        _type = ColumnType.String;
    }

    private void AddNumber(double number)
    {
        _number = number;
        _numbers.Add(number);
    }

    private void AddDouble(double number, ReadOnlySpan<byte> text, long line)
    {
        if (!double.IsFinite(number))
        {
            throw new InvalidException($"Line {line}, column '{name}': the number '{Show(text)}' is too great for a 64-bit float. Scale the column, or quote it as text.");
        }

        AddNumber(number);
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
