using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Targets;

/// <summary>The input is its own target: nothing is learnt.</summary>
internal sealed class InputFitter(string head) : TargetFitter
{
    public override void Add(Row row, Side side)
    {
    }

    public override (IReadOnlyList<string> Labels, FittedTarget? Target) Fit(RunnerAssignment assignment) => ([], new FittedTarget { Head = head });
}
