using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace OrleansDL.Serving.Protocol;

/// <summary>Writes an infer answer: JSON, then the raw bytes of the outputs asked for in binary form.</summary>
internal static class InferenceResponseWriter
{
    /// <returns>Bytes of JSON when binary data follows it; null when the body is JSON alone.</returns>
    public static int? Write(PooledBytes body, InferenceCall call, InferAnswer answer, string model, long version)
    {
        body.Write("{"u8);
        if (!string.IsNullOrEmpty(call.Id))
        {
            body.Write("\"id\":"u8);
            body.WriteString(call.Id);
            body.Write(","u8);
        }

        body.Write("\"model_name\":"u8);
        body.WriteString(model);
        body.Write(",\"model_version\":\""u8);
        body.WriteNumber(version);
        body.Write("\",\"outputs\":["u8);
        var binaryBytes = 0L;
        for (var i = 0; i < answer.Outputs.Count; i++)
        {
            var output = answer.Outputs[i];
            body.Write(i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            body.WriteString(output.Name);
            body.Write(",\"datatype\":\""u8);
            body.Write(NameBytes(output.Type));
            body.Write("\",\"shape\":["u8);
            for (var j = 0; j < output.Shape.Length; j++)
            {
                if (j > 0)
                {
                    body.Write(","u8);
                }

                body.WriteNumber(output.Shape[j]);
            }

            if (call.Shared?.HoldsOutput(output.Name) is true)
            {
                body.Write("]}"u8);
            }
            else if (call.WantsBinary(output.Name))
            {
                binaryBytes += output.Data.Length;
                body.Write("],\"parameters\":{\"binary_data_size\":"u8);
                body.WriteNumber(output.Data.Length);
                body.Write("}}"u8);
            }
            else
            {
                body.Write("],\"data\":["u8);
                WriteData(body, output);
                body.Write("]}"u8);
            }
        }

        body.Write("]}"u8);
        if (binaryBytes == 0)
        {
            return null;
        }

        var jsonLength = body.Length;
        foreach (var output in answer.Outputs)
        {
            if (call.WantsBinary(output.Name) && call.Shared?.HoldsOutput(output.Name) is not true)
            {
                body.Write(output.Data.Span);
            }
        }

        return jsonLength;
    }

    /// <summary>The elements, with commas between them.</summary>
    public static void WriteData(PooledBytes body, Tensor output)
    {
        var data = output.Data.Span;
        switch (output.Type)
        {
            case TensorElementType.Fp32:
                CheckFinite(MemoryMarshal.Cast<byte, float>(data), output.Name);
                WriteNumbers(body, MemoryMarshal.Cast<byte, float>(data));
                break;
            case TensorElementType.Fp64:
                CheckFinite(MemoryMarshal.Cast<byte, double>(data), output.Name);
                WriteNumbers(body, MemoryMarshal.Cast<byte, double>(data));
                break;
            case TensorElementType.Int8:
                WriteNumbers(body, MemoryMarshal.Cast<byte, sbyte>(data));
                break;
            case TensorElementType.Int16:
                WriteNumbers(body, MemoryMarshal.Cast<byte, short>(data));
                break;
            case TensorElementType.Int32:
                WriteNumbers(body, MemoryMarshal.Cast<byte, int>(data));
                break;
            case TensorElementType.Int64:
                WriteNumbers(body, MemoryMarshal.Cast<byte, long>(data));
                break;
            case TensorElementType.UInt8:
                WriteNumbers(body, data);
                break;
            case TensorElementType.UInt16:
                WriteNumbers(body, MemoryMarshal.Cast<byte, ushort>(data));
                break;
            case TensorElementType.UInt32:
                WriteNumbers(body, MemoryMarshal.Cast<byte, uint>(data));
                break;
            case TensorElementType.UInt64:
                WriteNumbers(body, MemoryMarshal.Cast<byte, ulong>(data));
                break;
            case TensorElementType.Bool:
                for (var i = 0; i < data.Length; i++)
                {
                    Separate(body, i);
                    body.Write(data[i] == 0 ? "false"u8 : "true"u8);
                }

                break;
            case TensorElementType.Bytes:
                for (var i = 0; !data.IsEmpty; i++)
                {
                    Separate(body, i);
                    var length = BinaryPrimitives.ReadInt32LittleEndian(data);
                    CheckText(data.Slice(sizeof(uint), length), output.Name);
                    body.WriteString(data.Slice(sizeof(uint), length));
                    data = data[(sizeof(uint) + length)..];
                }

                break;
            default:
                throw InferenceProtocolException.Invalid(
                    $"sending {Datatypes.NameOf(output.Type)} data via JSON is not supported. Please use the binary data format for output {output.Name}");
        }
    }

    private static void WriteNumbers<T>(PooledBytes body, ReadOnlySpan<T> values)
        where T : IUtf8SpanFormattable
    {
        for (var i = 0; i < values.Length; i++)
        {
            Separate(body, i);
            body.WriteNumber(values[i]);
        }
    }

    private static void Separate(PooledBytes body, int index)
    {
        if (index > 0)
        {
            body.Write(","u8);
        }
    }

    private static void CheckText(ReadOnlySpan<byte> text, string output)
    {
        if (!Utf8.IsValid(text))
        {
            throw InferenceProtocolException.Internal($"output '{output}' holds bytes that are no UTF-8, which have no JSON form. Please use the binary data format for output {output}");
        }
    }

    private static void CheckFinite<T>(ReadOnlySpan<T> values, string output)
        where T : System.Numerics.IFloatingPointIeee754<T>
    {
        foreach (var value in values)
        {
            if (!T.IsFinite(value))
            {
                throw InferenceProtocolException.Internal(
                    $"output '{output}' holds {value}, which has no JSON form. Please use the binary data format for output {output}");
            }
        }
    }

    private static ReadOnlySpan<byte> NameBytes(TensorElementType type) => type switch
    {
        TensorElementType.Bool => "BOOL"u8,
        TensorElementType.UInt8 => "UINT8"u8,
        TensorElementType.UInt16 => "UINT16"u8,
        TensorElementType.UInt32 => "UINT32"u8,
        TensorElementType.UInt64 => "UINT64"u8,
        TensorElementType.Int8 => "INT8"u8,
        TensorElementType.Int16 => "INT16"u8,
        TensorElementType.Int32 => "INT32"u8,
        TensorElementType.Int64 => "INT64"u8,
        TensorElementType.Fp16 => "FP16"u8,
        TensorElementType.Bf16 => "BF16"u8,
        TensorElementType.Fp32 => "FP32"u8,
        TensorElementType.Fp64 => "FP64"u8,
        _ => "BYTES"u8,
    };
}
