using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>Reads what a row's answer should be, as numbers. Any number of threads may read.</summary>
internal abstract class Target
{
    /// <summary>Stands for a label that no training row has.</summary>
    public const long Unknown = -1;

    /// <summary>Int64 for numbers of labels, Fp32 for values.</summary>
    public abstract TensorElementType ElementType { get; }

    /// <summary>Shape of one row's target; empty for one number.</summary>
    public abstract IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes of one row's target; 0 when the input is its own target.</summary>
    public int Bytes => checked((int)Shape.Aggregate(ElementType is TensorElementType.Int64 ? 8L : 4L, (product, size) => product * size));

    /// <summary>Reads one row's target.</summary>
    /// <param name="row">The raw row.</param>
    /// <param name="columns">Its cells that hold the target.</param>
    /// <param name="target">Receives <see cref="Bytes"/> bytes.</param>
    /// <exception cref="InvalidException">The row has no target that can be read; the message names row and column.</exception>
    public abstract void Read(Row row, ReadOnlySpan<int> columns, Span<byte> target);

    public static Target For(Pipeline pipeline) => new LabelTarget(pipeline);
}
