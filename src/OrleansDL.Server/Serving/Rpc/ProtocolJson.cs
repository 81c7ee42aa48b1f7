using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace OrleansDL.Serving.Rpc;

/// <summary>The protocol's messages as its REST side has them: names as in the proto files, and 64-bit integers as numbers, where proto3's own JSON has strings.</summary>
internal static class ProtocolJson
{
    private static readonly JsonFormatter Whole = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true));
    private static readonly JsonFormatter Short = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    /// <param name="message">Any message of the protocol.</param>
    /// <param name="defaults">Whether fields with their default value are printed too.</param>
    public static JsonObject ToJson(IMessage message, bool defaults)
    {
        var json = JsonNode.Parse((defaults ? Whole : Short).Format(message))!.AsObject();
        UseNumbers(json, message.Descriptor);
        return json;
    }

    public static byte[] Serialize(JsonNode json) => JsonSerializer.SerializeToUtf8Bytes(json);

    private static void UseNumbers(JsonObject json, MessageDescriptor message)
    {
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            if (!json.TryGetPropertyValue(field.Name, out var value) || value is null)
            {
                continue;
            }

            if (field.IsMap)
            {
                UseNumbersInMap(value.AsObject(), field.MessageType.FindFieldByName("value"));
            }
            else if (value is JsonArray array)
            {
                for (var i = 0; i < array.Count; i++)
                {
                    array[i] = Converted(array[i]!, field);
                }
            }
            else
            {
                json[field.Name] = Converted(value, field);
            }
        }
    }

    private static void UseNumbersInMap(JsonObject map, FieldDescriptor values)
    {
        foreach (var key in map.Select(pair => pair.Key).ToList())
        {
            map[key] = Converted(map[key]!, values);
        }
    }

    private static JsonNode Converted(JsonNode value, FieldDescriptor field)
    {
        if (field.FieldType is FieldType.Message)
        {
            UseNumbers(value.AsObject(), field.MessageType);
            return value.DeepClone();
        }

        return field.FieldType switch
        {
            FieldType.Int64 => long.Parse(value.GetValue<string>(), CultureInfo.InvariantCulture),
            FieldType.UInt64 => ulong.Parse(value.GetValue<string>(), CultureInfo.InvariantCulture),
            _ => value.DeepClone(),
        };
    }
}
