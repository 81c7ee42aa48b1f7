using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>The number of a row's one label.</summary>
internal sealed class LabelTarget(Pipeline pipeline) : Target
{
    private readonly Dictionary<string, long> _numbers = pipeline.Labels.Index().ToDictionary(label => label.Item, label => (long)label.Index, StringComparer.Ordinal);

    public override TensorElementType ElementType => TensorElementType.Int64;

    public override IReadOnlyList<long> Shape => [];

    public override void Read(Row row, ReadOnlySpan<int> columns, Span<byte> target)
    {
        var number = _numbers.GetValueOrDefault(LabelReader.Read(row, columns[0], pipeline.LabelColumn!), Unknown);
        MemoryMarshal.Write(target, in number);
    }
}
