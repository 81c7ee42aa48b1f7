using OrleansDL.Data;
using OrleansDL.Heads;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>Reads what a row's answer should be, as numbers. Any number of threads may read.</summary>
internal abstract class Target
{
    /// <summary>Stands for a label that no training row has.</summary>
    public const long Unknown = -1;

    /// <summary>Stands where there is nothing to answer: padding.</summary>
    public const long Nothing = -2;

    /// <summary>Int64 for numbers of labels, Fp32 for values.</summary>
    public abstract TensorElementType ElementType { get; }

    /// <summary>Shape of one row's target; empty for one number, [0] when the input is its own target.</summary>
    public abstract IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes of one row's target; 0 when the input is its own target.</summary>
    public int Bytes => checked((int)Shape.Aggregate(ElementType is TensorElementType.Int64 ? 8L : 4L, (product, size) => product * size));

    /// <summary>Reads one row's target.</summary>
    /// <param name="row">The raw row.</param>
    /// <param name="columns">Its cells that hold the target.</param>
    /// <param name="inputs">Its cells that are input.</param>
    /// <param name="target">Receives <see cref="Bytes"/> bytes.</param>
    /// <exception cref="InvalidException">The row has no target that can be read; the message names row and column.</exception>
    public abstract void Read(Row row, ReadOnlySpan<int> columns, ReadOnlySpan<int> inputs, Span<byte> target);

    /// <summary>Columns that hold it, by name.</summary>
    public static IReadOnlyList<string> ColumnsOf(Pipeline pipeline) => pipeline switch
    {
        { LabelColumn: { } label } => [label],
        { Target.Columns: { } columns } => [.. columns.Select(column => column.Name)],
        _ => [],
    };

    public static Target For(Pipeline pipeline) => pipeline.Head switch
    {
        HeadNames.Labels => new LabelsTarget(pipeline),
        HeadNames.Regression => new ValuesTarget(pipeline.Target!.Columns!),
        HeadNames.Sequence => new StepLabelsTarget(pipeline),
        HeadNames.Embedding => new GroupTarget(pipeline),
        HeadNames.NextToken or HeadNames.Reconstruction => new InputTarget(),
        _ => new LabelTarget(pipeline),
    };
}
