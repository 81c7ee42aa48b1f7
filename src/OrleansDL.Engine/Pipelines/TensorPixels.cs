using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OrleansDL.Datasets;

namespace OrleansDL.Pipelines;

/// <summary>Reads tensors as images: numbers divided by a scale, one plane per channel.</summary>
internal static class TensorPixels
{
    /// <summary>Height, width and channels; null for a shape that is no image.</summary>
    public static (int Height, int Width, int Channels)? Sides(TensorShape shape) => shape.Sizes switch
    {
        [var width] => (1, width, 1),
        [var height, var width] => (height, width, 1),
        [var height, var width, var channels and (1 or 3)] => (height, width, channels),
        [var channels and (1 or 3), var height, var width] => (height, width, channels),
        _ => null,
    };

    public static void Encode(TensorShape shape, ReadOnlySpan<byte> bytes, double scale, Span<float> target)
    {
        // Only [height, width, 3] has its channels side by side; all others lie as the network takes them.
        var interleaved = shape.Sizes is [_, _, 3];
        var plane = target.Length / 3;
        for (var index = 0; index < target.Length; index++)
        {
            target[interleaved ? (index % 3 * plane) + (index / 3) : index] = (float)(Number(shape.Element, bytes, index) / scale);
        }
    }

    /// <summary>The quotients of all bytes.</summary>
    public static float[] Quotients(double scale) => [.. Enumerable.Range(0, 256).Select(value => (float)(value / scale))];

    /// <summary>Whether division in single precision gives the very same quotients, so that sixteen bytes can be divided at once.</summary>
    public static bool AreSingle(float[] quotients, double scale) => quotients.Index().All(quotient => quotient.Item == quotient.Index / (float)scale);

    /// <summary>Bytes divided by a scale, sixteen at once.</summary>
    public static void Divide(ReadOnlySpan<byte> bytes, float scale, Span<float> target)
    {
        var at = 0;
        ref var source = ref MemoryMarshal.GetReference(bytes);
        ref var values = ref MemoryMarshal.GetReference(target);
        var divisor = Vector128.Create(scale);
        for (; at <= target.Length - Vector128<byte>.Count; at += Vector128<byte>.Count)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)at));
            Store(low, divisor, ref values, at);
            Store(high, divisor, ref values, at + 8);
        }

        for (; at < target.Length; at++)
        {
            target[at] = bytes[at] / scale;
        }
    }

    private static void Store(Vector128<ushort> numbers, Vector128<float> divisor, ref float values, int at)
    {
        var (low, high) = Vector128.Widen(numbers);
        (Vector128.ConvertToSingle(low.AsInt32()) / divisor).StoreUnsafe(ref values, (nuint)at);
        (Vector128.ConvertToSingle(high.AsInt32()) / divisor).StoreUnsafe(ref values, (nuint)at + 4);
    }

    internal static double Number(string element, ReadOnlySpan<byte> bytes, int index) => element switch
    {
        "uint8" => bytes[index],
        "int8" => (sbyte)bytes[index],
        "int16" => BinaryPrimitives.ReadInt16LittleEndian(bytes[(index * 2)..]),
        "int32" => BinaryPrimitives.ReadInt32LittleEndian(bytes[(index * 4)..]),
        "int64" => BinaryPrimitives.ReadInt64LittleEndian(bytes[(index * 8)..]),
        "float32" => BinaryPrimitives.ReadSingleLittleEndian(bytes[(index * 4)..]),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(bytes[(index * 8)..]),
    };
}
