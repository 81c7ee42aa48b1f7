using System.Runtime.InteropServices;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Data;

/// <summary>Rows as the network takes them, with the number of each one's label.</summary>
internal sealed class EncodedRows
{
    /// <summary>Stands for a label that no training row has.</summary>
    public const long UnknownLabel = -1;

    private readonly int _width;

    public EncodedRows(Pipeline pipeline, int rows)
    {
        var elements = pipeline.RowShape.Aggregate((long)rows, (product, size) => product * size);
        if (elements > Array.MaxLength)
        {
            throw new TooLargeException($"{rows} rows of {elements / rows} values are more than one process holds ({Array.MaxLength} values). Train on fewer rows or smaller images.");
        }

        _width = rows == 0 ? 0 : (int)(elements / rows);
        Labels = new long[rows];
        Floats = pipeline.ElementType is TensorElementType.Fp32 ? new float[elements] : null;
        Tokens = pipeline.ElementType is TensorElementType.Int64 ? new long[elements] : null;
    }

    public long[] Labels { get; }

    public float[]? Floats { get; }

    public long[]? Tokens { get; }

    public int Count => Labels.Length;

    public Span<byte> Bytes(int row) => Floats is not null
        ? MemoryMarshal.AsBytes(Floats.AsSpan(row * _width, _width))
        : MemoryMarshal.AsBytes(Tokens.AsSpan(row * _width, _width));
}
