using OrleansDL.Data;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>The input is its own target: nothing is read.</summary>
internal sealed class InputTarget : Target
{
    public override TensorElementType ElementType => TensorElementType.Int64;

    public override IReadOnlyList<long> Shape { get; } = [0];

    public override void Read(Row row, ReadOnlySpan<int> columns, ReadOnlySpan<int> inputs, Span<byte> target)
    {
    }
}
