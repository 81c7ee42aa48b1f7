using System.Buffers.Binary;

namespace OrleansDL.Serving.Protocol;

/// <summary>The raw bytes after the JSON of a request, taken input by input in the order of the <c>inputs</c> array.</summary>
internal sealed class BinaryTail(ReadOnlyMemory<byte> bytes, string model)
{
    private ReadOnlyMemory<byte> _left = bytes;

    public ReadOnlyMemory<byte> Take(string input, long size, TensorElementType type, long[] shape)
    {
        if (size > _left.Length)
        {
            throw InferenceProtocolException.Invalid(
                $"unexpected size for input '{input}', expecting {size - _left.Length} additional bytes for model '{model}'");
        }

        var data = _left[..(int)size];
        _left = _left[(int)size..];
        CheckSize(data.Span, input, type, shape);
        return data;
    }

    public void CheckConsumed()
    {
        if (!_left.IsEmpty)
        {
            throw InferenceProtocolException.Invalid($"unexpected additional input data for model '{model}'");
        }
    }

    private void CheckSize(ReadOnlySpan<byte> data, string input, TensorElementType type, long[] shape)
    {
        // The reader has refused shapes whose count overflows.
        TensorData.TryCount(shape, out var count);
        if (type is TensorElementType.Bytes)
        {
            CheckStrings(data, input, count);
            return;
        }

        var expected = count * Datatypes.SizeOf(type);
        if (data.Length != expected)
        {
            throw InferenceProtocolException.Invalid(
                $"input byte size mismatch for input '{input}' for model '{model}'. Expected {expected}, got {data.Length}");
        }
    }

    private void CheckStrings(ReadOnlySpan<byte> data, string input, long expected)
    {
        long count = 0;
        while (!data.IsEmpty)
        {
            if (data.Length < sizeof(uint))
            {
                throw InferenceProtocolException.Invalid(
                    $"incomplete string length indicator for inference input '{input}' for model '{model}', expecting 4 bytes but only {data.Length} bytes available.");
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(data);
            data = data[sizeof(uint)..];
            if (length > data.Length)
            {
                throw InferenceProtocolException.Invalid(
                    $"incomplete string data for inference input '{input}' for model '{model}', expecting string of length {length} but only {data.Length} bytes available.");
            }

            data = data[(int)length..];
            count++;
        }

        if (count != expected)
        {
            throw InferenceProtocolException.Invalid(
                $"expected {expected} string elements for inference input '{input}' for model '{model}', got {count}");
        }
    }
}
