using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Serving;

namespace OrleansDL.Targets;

/// <summary>Numbers, in deviations from the mean of the training rows.</summary>
internal sealed class ValuesTarget(IReadOnlyList<TargetColumn> values) : Target
{
    public override TensorElementType ElementType => TensorElementType.Fp32;

    public override IReadOnlyList<long> Shape { get; } = [values.Count];

    public override void Read(Row row, ReadOnlySpan<int> columns, ReadOnlySpan<int> inputs, Span<byte> target)
    {
        var numbers = MemoryMarshal.Cast<byte, float>(target);
        for (var index = 0; index < values.Count; index++)
        {
            numbers[index] = (float)((Number(row, columns[index], values[index].Name) - values[index].Mean) / values[index].Deviation);
        }
    }

    /// <exception cref="InvalidException">The cell holds no number.</exception>
    public static double Number(Row row, int cell, string column) => row.TryNumber(cell, out var number) && Math.Abs(number) <= float.MaxValue
        ? number
        : throw new InvalidException($"{row.Where()}, column '{column}': a number to be predicted was expected, not {(row.IsMissing(cell) ? "nothing" : $"'{row.Text(cell)}'")}. Commit the dataset without such rows, or name another column in head.columns.");
}
