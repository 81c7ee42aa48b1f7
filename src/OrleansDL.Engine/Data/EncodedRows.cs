using System.Runtime.InteropServices;
using OrleansDL.Pipelines;
using OrleansDL.Serving;
using OrleansDL.Targets;

namespace OrleansDL.Data;

/// <summary>Rows as the network takes them, each with its target.</summary>
internal sealed class EncodedRows
{
    private readonly int _width;
    private readonly int _targetWidth;

    public EncodedRows(Pipeline pipeline, Target target, int rows)
    {
        var elements = Elements(pipeline.RowShape, rows);
        var targets = target.Bytes == 0 ? 0 : Elements(target.Shape, rows);
        if (Math.Max(elements, targets) > Array.MaxLength)
        {
            throw new TooLargeException($"{rows} rows of {Math.Max(elements, targets) / rows} values are more than one process holds ({Array.MaxLength} values). Train on fewer rows or smaller images.");
        }

        (Count, _width, _targetWidth) = (rows, rows == 0 ? 0 : (int)(elements / rows), rows == 0 ? 0 : (int)(targets / rows));
        Floats = pipeline.ElementType is TensorElementType.Fp32 ? new float[elements] : null;
        Tokens = pipeline.ElementType is TensorElementType.Int64 ? new long[elements] : null;
        Values = target.ElementType is TensorElementType.Fp32 ? new float[targets] : null;
        Numbers = target.ElementType is TensorElementType.Int64 ? new long[targets] : null;
    }

    public float[]? Floats { get; }

    public long[]? Tokens { get; }

    /// <summary>Targets that are values; empty when the input is its own target.</summary>
    public float[]? Values { get; }

    /// <summary>Targets that are numbers of labels.</summary>
    public long[]? Numbers { get; }

    public int Count { get; }

    public Span<byte> Bytes(int row) => Floats is not null
        ? MemoryMarshal.AsBytes(Floats.AsSpan(row * _width, _width))
        : MemoryMarshal.AsBytes(Tokens.AsSpan(row * _width, _width));

    public Span<byte> Target(int row) => Values is not null
        ? MemoryMarshal.AsBytes(Values.AsSpan(row * _targetWidth, _targetWidth))
        : MemoryMarshal.AsBytes(Numbers.AsSpan(row * _targetWidth, _targetWidth));

    private static long Elements(IReadOnlyList<long> shape, int rows) => shape.Aggregate((long)rows, (product, size) => product * size);
}
