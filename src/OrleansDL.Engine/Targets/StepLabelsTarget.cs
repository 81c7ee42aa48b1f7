using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>The number of the label of each token or time step; <see cref="Target.Nothing"/> behind the last.</summary>
internal sealed class StepLabelsTarget(Pipeline pipeline) : Target
{
    private readonly Dictionary<string, long> _numbers = LabelOrder.Numbers(pipeline.Labels);

    public override TensorElementType ElementType => TensorElementType.Int64;

    public override IReadOnlyList<long> Shape { get; } = [pipeline.RowShape[0]];

    public override void Read(Row row, ReadOnlySpan<int> columns, ReadOnlySpan<int> inputs, Span<byte> target)
    {
        var numbers = MemoryMarshal.Cast<byte, long>(target);
        numbers.Fill(Nothing);
        var labels = ListCell.Read(row, columns[0], pipeline.LabelColumn!, pipeline.Target!.Separator);
        var steps = pipeline.StepsOf(row, inputs);
        if (labels.Count != steps)
        {
            throw new InvalidException($"{row.Where()}, column '{pipeline.LabelColumn}': {labels.Count} labels for {steps} steps. head.kind 'sequence' needs a label for each, with spaces between them or as a JSON array.");
        }

        for (var step = 0; step < Math.Min(numbers.Length, labels.Count); step++)
        {
            numbers[step] = _numbers.GetValueOrDefault(labels[step], Unknown);
        }
    }
}
