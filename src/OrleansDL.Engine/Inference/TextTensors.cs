using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Serving;
using OnnxElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace OrleansDL.Inference;

/// <summary>Tensors of texts: BYTES on the wire, whose elements are a uint32 length and the bytes, and strings in ONNX Runtime, which are UTF-8.</summary>
internal static class TextTensors
{
    /// <exception cref="InvalidException">The bytes do not hold as many elements as the shape says, or one that is no text.</exception>
    public static OrtValue ToOnnx(Tensor tensor, string model)
    {
        var count = tensor.Shape.Aggregate(1L, (product, size) => checked(product * size));
        Check(tensor, count, model);
        var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, tensor.Shape);
        var data = tensor.Data.Span;
        for (var index = 0; index < count; index++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(data);
            value.StringTensorSetElementAt(data.Slice(sizeof(uint), length), index);
            data = data[(sizeof(uint) + length)..];
        }

        return value;
    }

    public static byte[] FromOnnx(OrtValue value)
    {
        var texts = value.GetTensorTypeAndShape() is { ElementDataType: OnnxElementType.String, ElementCount: > 0 } ? value.GetStringTensorAsArray() : [];
        var data = new byte[texts.Sum(text => sizeof(uint) + Encoding.UTF8.GetByteCount(text))];
        var at = 0;
        foreach (var text in texts)
        {
            var length = Encoding.UTF8.GetBytes(text, data.AsSpan(at + sizeof(uint)));
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(at), length);
            at += sizeof(uint) + length;
        }

        return data;
    }

    private static void Check(Tensor tensor, long count, string model)
    {
        var data = tensor.Data.Span;
        var found = 0L;
        while (!data.IsEmpty)
        {
            if (data.Length < sizeof(uint))
            {
                throw new InvalidException($"incomplete string length indicator for inference input '{tensor.Name}' for model '{model}', expecting 4 bytes but only {data.Length} bytes available.");
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(data);
            if (length > data.Length - sizeof(uint))
            {
                throw new InvalidException($"incomplete string data for inference input '{tensor.Name}' for model '{model}', expecting string of length {length} but only {data.Length - sizeof(uint)} bytes available.");
            }

            // The runtime would take other bytes, and give back other letters.
            if (!Utf8.IsValid(data.Slice(sizeof(uint), (int)length)))
            {
                throw new InvalidException($"element {found} of inference input '{tensor.Name}' for model '{model}' is no UTF-8, which the texts of an ONNX model are.");
            }

            data = data[(sizeof(uint) + (int)length)..];
            found++;
        }

        if (found != count)
        {
            throw new InvalidException($"expected {count} string elements for inference input '{tensor.Name}' for model '{model}', got {found}");
        }
    }
}
