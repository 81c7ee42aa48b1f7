using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansDL;

/// <summary>A map whose values hold JSON text stands in a document as a map of that JSON.</summary>
public sealed class RawJsonMapConverter : JsonConverter<IReadOnlyDictionary<string, string>>
{
    public override IReadOnlyDictionary<string, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var map = JsonDocument.ParseValue(ref reader);
        return map.RootElement.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, json) in value)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json);
        }

        writer.WriteEndObject();
    }
}
