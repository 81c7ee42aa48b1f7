using System.Buffers.Binary;
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

    /// <summary>The quotients of all bytes, so that none is divided twice.</summary>
    public static float[] Quotients(double scale) => [.. Enumerable.Range(0, 256).Select(value => (float)(value / scale))];

    private static double Number(string element, ReadOnlySpan<byte> bytes, int index) => element switch
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
