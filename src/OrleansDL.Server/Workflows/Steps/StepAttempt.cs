using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Steps;

/// <summary>One attempt at a step. Its number fences it: what it makes has ids that follow from the run, the step and the number.</summary>
internal sealed record StepAttempt(string Project, Guid Run, string Step, int Number, Value.Map Plan)
{
    public Guid Id(string purpose) => DerivedId.From(Run, $"{Step}/{Number}/{purpose}");
}
