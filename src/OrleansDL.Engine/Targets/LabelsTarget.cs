using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>1 for each label a row has, 0 for the others. Labels that no training row has are passed over.</summary>
internal sealed class LabelsTarget(Pipeline pipeline) : Target
{
    private readonly Dictionary<string, long> _numbers = LabelOrder.Numbers(pipeline.Labels);

    public override TensorElementType ElementType => TensorElementType.Fp32;

    public override IReadOnlyList<long> Shape { get; } = [pipeline.Labels.Count];

    public override void Read(Row row, ReadOnlySpan<int> columns, ReadOnlySpan<int> inputs, Span<byte> target)
    {
        var values = MemoryMarshal.Cast<byte, float>(target);
        values.Clear();
        foreach (var label in ListCell.Read(row, columns[0], pipeline.LabelColumn!, pipeline.Target!.Separator ?? LabelText.Separator))
        {
            if (_numbers.TryGetValue(label, out var number))
            {
                values[(int)number] = 1;
            }
        }
    }
}
