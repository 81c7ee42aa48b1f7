using System.Buffers.Binary;

namespace OrleansDL.Serving.Protocol;

/// <summary>Holds what came in against the shape it claims to have.</summary>
internal static class TensorSize
{
    /// <summary>Elements of a shape; false when they do not fit into 63 bits.</summary>
    public static bool TryCount(ReadOnlySpan<long> shape, out long count)
    {
        count = 1;
        if (shape.Contains(0))
        {
            count = 0;
            return true;
        }

        foreach (var dimension in shape)
        {
            if (count > long.MaxValue / dimension)
            {
                return false;
            }

            count *= dimension;
        }

        return true;
    }

    /// <exception cref="InferenceProtocolException">Elements or bytes do not fit into 63 bits.</exception>
    public static void CheckCount(string? name, long[] shape, TensorElementType type)
    {
        if (!TryCount(shape, out var count))
        {
            throw InferenceProtocolException.Invalid(
                $"invalid shape for input '{name}': shape {InferenceRequestCheck.Format(shape)} causes total element count to exceed maximum size of {long.MaxValue}");
        }

        if (count > long.MaxValue / Math.Max(1, Datatypes.SizeOf(type)))
        {
            throw InferenceProtocolException.Invalid(
                $"byte size overflow for input '{name}': {count} elements of {Datatypes.NameOf(type)} exceed the maximum size of {long.MaxValue} bytes");
        }
    }

    /// <summary>Holds raw bytes against a shape that <see cref="CheckCount"/> has accepted.</summary>
    public static void Check(ReadOnlySpan<byte> data, string input, TensorElementType type, long[] shape, string model)
    {
        TryCount(shape, out var count);
        if (type is TensorElementType.Bytes)
        {
            CheckStrings(data, input, count, model);
            return;
        }

        var expected = count * Datatypes.SizeOf(type);
        if (data.Length != expected)
        {
            throw Mismatch(input, model, expected, data.Length);
        }
    }

    /// <summary>Holds how many bytes there are, before they are, against a shape that <see cref="CheckCount"/> has accepted. Of BYTES that tells nothing.</summary>
    public static void CheckBytes(long bytes, string input, TensorElementType type, long[] shape, string model)
    {
        TryCount(shape, out var count);
        if (type is not TensorElementType.Bytes && bytes != count * Datatypes.SizeOf(type))
        {
            throw Mismatch(input, model, count * Datatypes.SizeOf(type), bytes);
        }
    }

    private static InferenceProtocolException Mismatch(string input, string model, long expected, long got) =>
        InferenceProtocolException.Unfit($"input byte size mismatch for input '{input}' for model '{model}'. Expected {expected}, got {got}");

    private static void CheckStrings(ReadOnlySpan<byte> data, string input, long expected, string model)
    {
        long count = 0;
        while (!data.IsEmpty)
        {
            if (data.Length < sizeof(uint))
            {
                throw InferenceProtocolException.Unfit(
                    $"incomplete string length indicator for inference input '{input}' for model '{model}', expecting 4 bytes but only {data.Length} bytes available.");
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(data);
            data = data[sizeof(uint)..];
            if (length > data.Length)
            {
                throw InferenceProtocolException.Unfit(
                    $"incomplete string data for inference input '{input}' for model '{model}', expecting string of length {length} but only {data.Length} bytes available.");
            }

            data = data[(int)length..];
            count++;
        }

        if (count > expected)
        {
            throw InferenceProtocolException.Unfit(
                $"unexpected number of string elements {expected + 1} for inference input '{input}' for model '{model}', expecting {expected}");
        }

        if (count < expected)
        {
            throw InferenceProtocolException.Unfit(
                $"expected {expected} string elements for inference input '{input}' for model '{model}', got {count}");
        }
    }
}
