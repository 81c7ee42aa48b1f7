using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>A number that rows of one label share. Labels that training never saw have numbers of their own: rows of these can be close to each other too.</summary>
internal sealed class GroupTarget(Pipeline pipeline) : Target
{
    private readonly ConcurrentDictionary<string, long> _numbers = new(LabelOrder.Numbers(pipeline.Labels), StringComparer.Ordinal);
    private long _next = pipeline.Labels.Count;

    public override TensorElementType ElementType => TensorElementType.Int64;

    public override IReadOnlyList<long> Shape => [];

    public override void Read(Row row, ReadOnlySpan<int> columns, ReadOnlySpan<int> inputs, Span<byte> target)
    {
        var number = _numbers.GetOrAdd(LabelReader.Read(row, columns[0], pipeline.LabelColumn!), _ => Interlocked.Increment(ref _next));
        MemoryMarshal.Write(target, in number);
    }
}
