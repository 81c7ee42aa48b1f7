using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Asides;

/// <summary>Writes a sampled request with its answer as a line: a CloudEvent in JSON form. Its fields are a promise.</summary>
internal static class PayloadLine
{
    /// <summary>Stands for a value that is redacted.</summary>
    public const string Redacted = "[redacted]";

    private const string Type = "orleansdl.inference";
    private static readonly SearchValues<byte> Breaks = SearchValues.Create("\r\n"u8);

    // What datasets take of a JSON line; one that is not taken would keep all that came with it out.
    private const int MaximumDepth = 32;

    /// <summary>Writes the line, if a dataset can take it.</summary>
    /// <returns>False: rows that are nested deeper than 32 levels, or no valid Unicode.</returns>
    public static bool TryWrite(PooledBytes body, PayloadRecord record)
    {
        using var line = new PooledBytes();
        try
        {
            Write(line, record);
            var reader = new Utf8JsonReader(line.Written.Span, new JsonReaderOptions { MaxDepth = MaximumDepth });
            while (reader.Read())
            {
                // To the end: it is sound.
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return false;
        }

        if (!Utf8.IsValid(line.Written.Span))
        {
            return false;
        }

        body.Write(line.Written.Span);
        return true;
    }

    private static void Write(PooledBytes body, PayloadRecord record)
    {
        var route = record.Route;
        body.Write("{\"specversion\":\"1.0\",\"id\":\""u8);
        body.WriteNumber(record.Id);
        body.Write("\",\"source\":"u8);
        body.WriteString($"/v1/projects/{route.Project}/deployments/{route.Name}");
        body.Write(",\"type\":"u8);
        body.WriteString(Type);
        body.Write(",\"subject\":"u8);
        body.WriteString(string.Create(CultureInfo.InvariantCulture, $"{route.ModelName}@{route.ModelVersion}"));
        body.Write(",\"time\":\""u8);
        body.Write(System.Text.Encoding.ASCII.GetBytes(InferenceId.TimeOf(record.Id).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)));
        body.Write("\",\"datacontenttype\":\"application/json\",\"deployment\":\""u8);
        body.WriteNumber(route.Deployment);
        body.Write("\",\"model\":"u8);
        body.WriteString(route.ModelName);
        body.Write(",\"modelversion\":"u8);
        body.WriteNumber(route.ModelVersion);
        body.Write(",\"data\":"u8);
        if (record.Text is { } text)
        {
            using (var json = new Utf8JsonWriter(body))
            {
                PayloadTextWriter.Write(json, text, record.Log);
            }

            body.Write("}\n"u8);
            return;
        }

        body.Write("{\"request\":{"u8);
        if (record.Inputs is { } inputs)
        {
            WriteTensors(body, "\"inputs\":["u8, inputs);
            body.Write("},\"answer\":{"u8);
            WriteTensors(body, "\"outputs\":["u8, record.Outputs!);
        }
        else
        {
            body.Write("\"rows\":"u8);
            WriteRows(body, record);
            body.Write(",\"top\":"u8);
            body.WriteNumber(record.Top);
            body.Write("},\"answer\":{"u8);
            WriteAnswer(body, record);
        }

        body.Write("}}}\n"u8);
    }

    private static void WriteTensors(PooledBytes body, ReadOnlySpan<byte> begin, IReadOnlyList<PayloadTensor> tensors)
    {
        body.Write(begin);
        foreach (var (at, (tensor, leftOut)) in tensors.Index())
        {
            body.Write(at == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            body.WriteString(tensor.Name);
            body.Write(",\"datatype\":"u8);
            body.WriteString(Datatypes.NameOf(tensor.Type));
            body.Write(",\"shape\":["u8);
            foreach (var (axis, size) in tensor.Shape.Index())
            {
                body.Write(axis == 0 ? ""u8 : ","u8);
                body.WriteNumber(size);
            }

            body.Write("],"u8);
            if (leftOut is not null)
            {
                body.Write("\"leftOut\":"u8);
                body.WriteString(leftOut);
            }
            else
            {
                WriteData(body, tensor);
            }

            body.Write("}"u8);
        }

        body.Write("]"u8);
    }

    /// <summary>Elements as JSON where they have such a form, else all of them as bytes.</summary>
    private static void WriteData(PooledBytes body, Tensor tensor)
    {
        using var data = new PooledBytes();
        try
        {
            InferenceResponseWriter.WriteData(data, tensor);
            body.Write("\"data\":["u8);
            body.Write(data.Written.Span);
            body.Write("]"u8);
        }
        catch (InferenceProtocolException)
        {
            body.Write("\"base64\":\""u8);
            body.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(tensor.Data.Span)));
            body.Write("\""u8);
        }
    }

    private static void WriteRows(PooledBytes body, PayloadRecord record)
    {
        using var writer = new Utf8JsonWriter(body);
        if (record.Rows.IsEmpty)
        {
            writer.WriteStringValue(PayloadTensor.TooLarge);
        }
        else if (!record.Log.RedactsAny)
        {
            // Between values a caller may have broken lines; within them JSON does not.
            var rows = record.Rows.ToArray();
            rows.AsSpan().ReplaceAny(Breaks, (byte)' ');
            writer.WriteRawValue(rows, skipInputValidation: true);
        }
        else
        {
            using var document = JsonDocument.Parse(record.Rows, new JsonDocumentOptions { MaxDepth = InferenceRequestReader.MaximumDepth });
            writer.WriteStartArray();
            foreach (var row in document.RootElement.EnumerateArray())
            {
                if (row.ValueKind is JsonValueKind.Object)
                {
                    WriteRedacted(writer, row, record.Log);
                }
                else
                {
                    // Values without names: which of them is meant cannot be told.
                    writer.WriteStringValue(Redacted);
                }
            }

            writer.WriteEndArray();
        }

        writer.Flush();
    }

    private static void WriteRedacted(Utf8JsonWriter writer, JsonElement element, PayloadLog log)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject())
                {
                    writer.WritePropertyName(property.Name);
                    if (log.IsRedacted(property.Name))
                    {
                        writer.WriteStringValue(Redacted);
                    }
                    else
                    {
                        WriteRedacted(writer, property.Value, log);
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteRedacted(writer, item, log);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void WriteAnswer(PooledBytes body, PayloadRecord record)
    {
        var answer = record.Answer!;
        body.Write("\"predictions\":"u8);
        WriteJson(body, answer.Rows);
        if (answer.Values is { } values)
        {
            body.Write(",\"values\":"u8);
            WriteJson(body, values.Select(row => row.Where(value => !record.Log.IsRedacted(value.Key)).ToDictionary()));
        }

        if (answer.Steps is { } steps)
        {
            body.Write(",\"steps\":"u8);
            WriteJson(body, steps);
        }

        if (answer.Vectors is { } vectors)
        {
            body.Write(",\"vectors\":"u8);
            WriteJson(body, vectors);
        }
    }

    private static void WriteJson<T>(PooledBytes body, T value) => body.Write(JsonSerializer.SerializeToUtf8Bytes(value, OdlJson.Options));
}
