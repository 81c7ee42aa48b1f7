using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansDL.Expressions;

/// <summary>Between JSON and values.</summary>
internal static class ValueJson
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 64 };

    /// <summary>Reads JSON. The strings NaN, Infinity and -Infinity, with which our dialect writes such numbers, are numbers again.</summary>
    public static Value Parse(string json)
    {
        using var document = JsonDocument.Parse(json, Reading);
        return From(document.RootElement);
    }

    public static Value From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => Value.Of(true),
        JsonValueKind.False => Value.Of(false),
        JsonValueKind.Number => json.TryGetInt64(out var whole) ? Value.Of(whole) : Value.Of(json.GetDouble()),
        JsonValueKind.String => json.GetString() switch
        {
            "NaN" => Value.Of(double.NaN),
            "Infinity" => Value.Of(double.PositiveInfinity),
            "-Infinity" => Value.Of(double.NegativeInfinity),
            var text => Value.Of(text!),
        },
        JsonValueKind.Array => Value.Of([.. json.EnumerateArray().Select(From)]),
        JsonValueKind.Object => Value.Of(Entries(json)),
        _ => Value.Nothing,
    };

    public static string Write(Value value)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            Write(writer, value);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>Writes a value with the keys of maps in ordinal order.</summary>
    public static void Write(Utf8JsonWriter writer, Value value)
    {
        switch (value)
        {
            case Value.Bool b:
                writer.WriteBooleanValue(b.Is);
                break;
            case Value.Int i:
                writer.WriteNumberValue(i.Number);
                break;
            case Value.Double d when double.IsFinite(d.Number):
                writer.WriteNumberValue(d.Number);
                break;
            case Value.Double d:
                writer.WriteStringValue(d.Number.ToString(CultureInfo.InvariantCulture));
                break;
            case Value.String s:
                writer.WriteStringValue(s.Text);
                break;
            case Value.Duration d:
                writer.WriteStringValue(DurationText.Format(d.Span));
                break;
            case Value.Timestamp t:
                writer.WriteStringValue(t.Time.UtcDateTime);
                break;
            case Value.List l:
                writer.WriteStartArray();
                foreach (var item in l.Items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case Value.Map m:
                writer.WriteStartObject();
                foreach (var (key, item) in m.Entries.OrderBy(e => e.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(key);
                    Write(writer, item);
                }

                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static Dictionary<string, Value> Entries(JsonElement json)
    {
        var entries = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var property in json.EnumerateObject())
        {
            entries[property.Name] = From(property.Value);
        }

        return entries;
    }
}
