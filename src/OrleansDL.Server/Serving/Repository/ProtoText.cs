using System.Collections;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace OrleansDL.Serving.Repository;

/// <summary>Reads protobuf's text format (<c>config.pbtxt</c>) into any message, by its descriptor. Google's C# library has no such reader.</summary>
internal static class ProtoText
{
    private const int MaximumDepth = 64;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="text">The text.</param>
    /// <param name="given">Receives the names of the message's own fields that the text gives: proto3 does not tell 0 from nothing.</param>
    /// <exception cref="InvalidException">The text is no such message; the message names line and field.</exception>
    public static T Parse<T>(string text, ISet<string>? given = null)
        where T : IMessage, new()
    {
        var message = new T();
        var scanner = new ProtoTextScanner(text);
        ReadFields(scanner, message, end: null, depth: 0, given);
        return message;
    }

    private static void ReadFields(ProtoTextScanner scanner, IMessage message, char? end, int depth, ISet<string>? given = null)
    {
        if (depth > MaximumDepth)
        {
            throw scanner.Wrong($"messages stand in each other deeper than {MaximumDepth}");
        }

        var set = new HashSet<object>();
        while (end is { } mark ? !scanner.TryTake(mark) : !scanner.IsEnd)
        {
            var name = scanner.TakeWord("the name of a field");
            var field = message.Descriptor.FindFieldByName(name)
                ?? throw scanner.Wrong($"{message.Descriptor.Name} has no field '{name}'; something it has is expected before what follows");
            if (!field.IsRepeated && !set.Add((object?)field.RealContainingOneof ?? field))
            {
                throw scanner.Wrong($"'{name}', or what it excludes, is given twice; another field is expected");
            }

            given?.Add(name);
            ReadField(scanner, message, field, depth);
            _ = scanner.TryTake(',') || scanner.TryTake(';');
        }
    }

    private static void ReadField(ProtoTextScanner scanner, IMessage message, FieldDescriptor field, int depth)
    {
        if (field.FieldType is not FieldType.Message)
        {
            scanner.Take(':');
        }
        else
        {
            _ = scanner.TryTake(':');
        }

        if (!field.IsRepeated)
        {
            field.Accessor.SetValue(message, ReadValue(scanner, field, depth));
            return;
        }

        var values = field.Accessor.GetValue(message);
        if (!scanner.TryTake('['))
        {
            Add(values, field, scanner, depth);
            return;
        }

        while (!scanner.TryTake(']'))
        {
            Add(values, field, scanner, depth);
            if (!scanner.TryTake(','))
            {
                scanner.Take(']');
                return;
            }
        }
    }

    private static void Add(object values, FieldDescriptor field, ProtoTextScanner scanner, int depth)
    {
        if (field.IsMap)
        {
            var (key, value) = ReadEntry(scanner, field, depth + 1);
            ((IDictionary)values)[key] = value;
        }
        else
        {
            ((IList)values).Add(ReadValue(scanner, field, depth));
        }
    }

    private static (object Key, object Value) ReadEntry(ProtoTextScanner scanner, FieldDescriptor field, int depth)
    {
        var (keys, values) = (field.MessageType.FindFieldByName("key"), field.MessageType.FindFieldByName("value"));
        var end = Open(scanner);
        object? key = null;
        object? value = null;
        while (!scanner.TryTake(end))
        {
            var name = scanner.TakeWord("'key' or 'value'");
            var part = name switch
            {
                "key" => keys,
                "value" => values,
                _ => throw scanner.Wrong($"an entry of '{field.Name}' has no field '{name}'; 'key' or 'value' is expected before what follows"),
            };
            if (!scanner.TryTake(':') && part.FieldType is not FieldType.Message)
            {
                scanner.Take(':');
            }

            var read = ReadValue(scanner, part, depth);
            (key, value) = name == "key" ? (read, value) : (key, read);
            _ = scanner.TryTake(',') || scanner.TryTake(';');
        }

        return (key ?? Default(keys), value ?? Default(values));
    }

    private static object ReadValue(ProtoTextScanner scanner, FieldDescriptor field, int depth)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                var inner = (IMessage)Default(field);
                ReadFields(scanner, inner, Open(scanner), depth + 1);
                return inner;
            case FieldType.String:
                try
                {
                    return StrictUtf8.GetString(scanner.TakeString($"'{field.Name}'"));
                }
                catch (DecoderFallbackException)
                {
                    throw scanner.Wrong($"'{field.Name}' holds text that is not valid UTF-8; other text is expected before what follows");
                }

            case FieldType.Bytes:
                return ByteString.CopyFrom(scanner.TakeString($"'{field.Name}'"));
            case FieldType.Enum:
                return ReadEnum(scanner, field);
            case FieldType.Bool:
                return scanner.TakeWord($"'{field.Name}', true or false,") switch
                {
                    "true" or "True" or "t" or "1" => true,
                    "false" or "False" or "f" or "0" => false,
                    var other => throw scanner.Wrong($"'{field.Name}' is '{other}'; true or false is expected before what follows"),
                };
            default:
                return ReadNumber(scanner, field);
        }
    }

    private static object ReadEnum(ProtoTextScanner scanner, FieldDescriptor field)
    {
        var word = scanner.TakeWord($"'{field.Name}', a name of {field.EnumType.Name},");
        var value = int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? field.EnumType.FindValueByNumber(number)
            : field.EnumType.FindValueByName(word);
        return value is not null
            ? Enum.ToObject(field.EnumType.ClrType, value.Number)
            : throw scanner.Wrong($"'{field.Name}' is '{word}', which {field.EnumType.Name} does not know; one of {string.Join(", ", field.EnumType.Values.Select(known => known.Name))} is expected before what follows");
    }

    private static object ReadNumber(ProtoTextScanner scanner, FieldDescriptor field)
    {
        var word = scanner.TakeWord($"'{field.Name}', a number,");
        // Each arm is boxed as what it is: left to themselves the numbers would all become doubles.
        var value = field.FieldType switch
        {
            FieldType.Float => Real(word) is { } real ? (object?)(float)real : null,
            FieldType.Double => (object?)Real(word),
            FieldType.Int32 => Integer(word) is { } number && number >= int.MinValue && number <= int.MaxValue ? (object?)(int)number : null,
            FieldType.UInt32 => Integer(word) is { } number && number >= 0 && number <= uint.MaxValue ? (object?)(uint)number : null,
            FieldType.Int64 => Integer(word) is { } number && number >= long.MinValue && number <= long.MaxValue ? (object?)(long)number : null,
            FieldType.UInt64 => Integer(word) is { } number && number >= 0 && number <= ulong.MaxValue ? (object?)(ulong)number : null,
            _ => throw scanner.Wrong($"'{field.Name}' has a type that is not read; another field is expected before what follows"),
        };
        return value ?? throw scanner.Wrong($"'{field.Name}' is '{word}', which is no {field.FieldType}; a number in its range is expected before what follows");
    }

    private static Int128? Integer(string word)
    {
        var negative = word.StartsWith('-');
        var digits = negative ? word[1..] : word;
        var isHex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return Int128.TryParse(isHex ? "0" + digits[2..] : digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? negative ? -value : value
            : null;
    }

    private static double? Real(string word)
    {
        var text = word.ToUpperInvariant();
        return text switch
        {
            "INF" or "INFINITY" or "+INF" => double.PositiveInfinity,
            "-INF" or "-INFINITY" => double.NegativeInfinity,
            "NAN" => double.NaN,
            _ => double.TryParse(text.EndsWith('F') ? text[..^1] : text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null,
        };
    }

    private static char Open(ProtoTextScanner scanner)
    {
        if (scanner.TryTake('<'))
        {
            return '>';
        }

        scanner.Take('{');
        return '}';
    }

    private static object Default(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.Parser.ParseFrom(ByteString.Empty),
        FieldType.String => "",
        FieldType.Bytes => ByteString.Empty,
        FieldType.Bool => false,
        FieldType.Int32 => 0,
        FieldType.UInt32 => 0u,
        FieldType.Int64 => 0L,
        FieldType.UInt64 => 0ul,
        FieldType.Float => 0f,
        FieldType.Double => 0d,
        _ => Enum.ToObject(field.EnumType.ClrType, 0),
    };
}
