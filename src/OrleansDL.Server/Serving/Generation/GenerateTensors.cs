using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Generation;

/// <summary>Between the flat JSON of generate and the tensors of a model.</summary>
internal static class GenerateTensors
{
    /// <summary>The inputs that the body has fields for. A value is one element or a list of them; of the open axes the last takes what there is, the others are 1.</summary>
    /// <exception cref="InferenceProtocolException">A value does not fit its input.</exception>
    public static InferenceCall Read(GenerateBody body, ModelSignature signature)
    {
        var call = new InferenceCall { Id = body.Text("id") };
        foreach (var (name, value) in body.InOrder)
        {
            if (signature.Inputs.FirstOrDefault(spec => spec.Name == name) is not { } spec)
            {
                ReadParameter(call, name, value);
            }
            else if (call.Inputs.Exists(known => known.Name == name))
            {
                throw InferenceProtocolException.Invalid($"input '{name}' already exists in request");
            }
            else
            {
                call.Inputs.Add(Read(spec, value.ValueKind is JsonValueKind.Array ? [.. value.EnumerateArray()] : [value]));
            }
        }

        return call;
    }

    /// <summary>What is no input is a parameter, which the model is handed as it is.</summary>
    private static void ReadParameter(InferenceCall call, string name, JsonElement value)
    {
        if (name == "id" || value.ValueKind is JsonValueKind.Null)
        {
            return;
        }

        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            throw InferenceProtocolException.Invalid($"parameter '{name}' has invalid type: a parameter is a string, a number or a boolean");
        }

        if (name.StartsWith("triton_", StringComparison.Ordinal))
        {
            throw RequestParameters.Reserved();
        }

        call.AddParameter(name, value.GetRawText());
    }

    public static void Write(Utf8JsonWriter json, Tensor output)
    {
        var elements = Elements(output);
        json.WritePropertyName(output.Name);
        if (elements.Count == 1)
        {
            json.WriteRawValue(elements[0]);
            return;
        }

        json.WriteStartArray();
        elements.ForEach(element => json.WriteRawValue(element));
        json.WriteEndArray();
    }

    private static Tensor Read(TensorSpec spec, JsonElement[] values)
    {
        var shape = spec.Shape.ToArray();
        var open = Array.FindLastIndex(shape, size => size < 0);
        var others = shape.Where(size => size > 0).Aggregate(1L, (product, size) => product * size);
        for (var axis = 0; axis < shape.Length; axis++)
        {
            shape[axis] = shape[axis] >= 0 ? shape[axis] : axis == open ? values.Length / Math.Max(1, others) : 1;
        }

        if (shape.Aggregate(1L, (product, size) => product * size) != values.Length)
        {
            throw InferenceProtocolException.Invalid($"input '{spec.Name}' has {values.Length} elements, which do not fill its shape {InferenceRequestCheck.Format(spec.Shape)}");
        }

        try
        {
            using var data = new MemoryStream();
            foreach (var value in values)
            {
                data.Write(Bytes(spec, value));
            }

            return new Tensor { Name = spec.Name, Type = spec.Type, Shape = shape, Data = data.ToArray() };
        }
        catch (Exception error) when (error is FormatException or InvalidOperationException or OverflowException)
        {
            throw InferenceProtocolException.Invalid(
                $"Unable to parse '{spec.Name}': attempt to access JSON non-{WordOf(spec.Type)} as {WordOf(spec.Type)}: the input takes elements of type {Datatypes.NameOf(spec.Type)}, and one of them is none. {error.Message}");
        }
    }

    private static string WordOf(TensorElementType type) => type switch
    {
        TensorElementType.Bool => "boolean",
        TensorElementType.Bytes => "string",
        TensorElementType.UInt8 or TensorElementType.UInt16 or TensorElementType.UInt32 or TensorElementType.UInt64 => "unsigned-integer",
        TensorElementType.Int8 or TensorElementType.Int16 or TensorElementType.Int32 or TensorElementType.Int64 => "signed-integer",
        _ => "number",
    };

    private static byte[] Bytes(TensorSpec spec, JsonElement value)
    {
        switch (spec.Type)
        {
            case TensorElementType.Bool:
                return [value.GetBoolean() ? (byte)1 : (byte)0];
            case TensorElementType.UInt8:
                return [value.GetByte()];
            case TensorElementType.Int8:
                return [(byte)value.GetSByte()];
            case TensorElementType.UInt16:
                return BitConverter.GetBytes(value.GetUInt16());
            case TensorElementType.Int16:
                return BitConverter.GetBytes(value.GetInt16());
            case TensorElementType.UInt32:
                return BitConverter.GetBytes(value.GetUInt32());
            case TensorElementType.Int32:
                return BitConverter.GetBytes(value.GetInt32());
            case TensorElementType.UInt64:
                return BitConverter.GetBytes(value.GetUInt64());
            case TensorElementType.Int64:
                return BitConverter.GetBytes(value.GetInt64());
            case TensorElementType.Fp32:
                return BitConverter.GetBytes(value.GetSingle());
            case TensorElementType.Fp64:
                return BitConverter.GetBytes(value.GetDouble());
            case TensorElementType.Bytes:
                var text = Encoding.UTF8.GetBytes(value.GetString() ?? throw new InvalidOperationException("null is no text."));
                var bytes = new byte[sizeof(uint) + text.Length];
                BinaryPrimitives.WriteInt32LittleEndian(bytes, text.Length);
                text.CopyTo(bytes, sizeof(uint));
                return bytes;
            default:
                throw InferenceProtocolException.Invalid($"receiving {Datatypes.NameOf(spec.Type)} data via JSON is not supported. Please use the binary data format for input {spec.Name}");
        }
    }

    /// <summary>Each element as JSON.</summary>
    private static List<string> Elements(Tensor output)
    {
        using var body = new PooledBytes();
        InferenceResponseWriter.WriteData(body, output);
        using var document = JsonDocument.Parse($"[{Encoding.UTF8.GetString(body.Written.Span)}]");
        return [.. document.RootElement.EnumerateArray().Select(element => element.GetRawText())];
    }
}
