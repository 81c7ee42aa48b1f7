using OrleansDL.Data;
using OrleansDL.Heads;
using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Targets;

/// <summary>Mean and deviation of the values over the training rows.</summary>
internal sealed class ValuesFitter(InputPlan plan) : TargetFitter
{
    private readonly double[] _means = new double[plan.Targets.Length];
    private readonly double[] _squares = new double[plan.Targets.Length];
    private long _rows;

    public override void Add(Row row, Side side)
    {
        _rows += side is Side.Training ? 1 : 0;
        for (var index = 0; index < plan.Targets.Length; index++)
        {
            var number = ValuesTarget.Number(row, plan.Targets[index], plan.Schema[plan.Targets[index]].Name);
            if (side is Side.Training)
            {
                // Welford's method: one pass, and no loss where the mean is large.
                var delta = number - _means[index];
                _means[index] += delta / _rows;
                _squares[index] += delta * (number - _means[index]);
            }
        }
    }

    public override (IReadOnlyList<string> Labels, FittedTarget? Target) Fit(RunnerAssignment assignment) => ([], new FittedTarget
    {
        Head = HeadNames.Regression,
        Columns = [.. plan.Targets.Select((cell, index) => new TargetColumn
        {
            Name = plan.Schema[cell].Name,
            Mean = _means[index],
            Deviation = _squares[index] > 0 ? Math.Sqrt(_squares[index] / _rows) : 1,
        })],
    });
}
