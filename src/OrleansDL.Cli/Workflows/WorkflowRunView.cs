using OrleansDL.Output;

namespace OrleansDL.Workflows;

/// <summary>A workflow run as a page: its steps, and how each criterion was judged.</summary>
internal static class WorkflowRunView
{
    public static void Print(Screen screen, WorkflowRun run)
    {
        screen.Facts(
            ("run", run.Id.ToString()),
            ("workflow", $"{run.WorkflowName} v{run.WorkflowVersion}"),
            ("status", Format.Of(run.Status) + (run.Reason is null ? "" : $": {Format.OneLine(run.Reason)}")),
            ("trigger", run.Trigger),
            ("took", run.FinishedAt is { } end ? Format.Seconds((end - run.CreatedAt).TotalSeconds) : null));
        foreach (var step in run.Steps)
        {
            screen.Line($"step      {step.Name} ({step.Uses}): {Format.Of(step.Status)}{Took(step)}{(step.Reason is null ? "" : $": {Format.OneLine(step.Reason)}")}");
            foreach (var criterion in step.Criteria)
            {
                screen.Line($"          {Describe(criterion)}");
            }
        }
    }

    /// <summary>The verdict with the values it was made of; a whole map is more than a line can say.</summary>
    public static string Describe(CriterionResult criterion) =>
        $"{criterion.Name} {(criterion.Passed ? "holds" : "does not hold")}: {criterion.Expression}"
        + (criterion.Operands.Count == 0 ? "" : $" where {string.Join(", ", criterion.Operands.Select(o => $"{o.Key} = {(o.Value.StartsWith('{') ? "{...}" : o.Value)}"))}")
        + (criterion.Error is null ? "" : $" ({criterion.Error})");

    private static string Took(WorkflowStep step) =>
        step is { StartedAt: { } start, FinishedAt: { } end } ? $" in {Format.Seconds((end - start).TotalSeconds)}" : "";
}
