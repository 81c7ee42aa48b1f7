using OrleansDL.Output;

namespace OrleansDL.Workflows;

/// <summary>Shows a workflow run as it goes: a line for each step that changed.</summary>
internal sealed class WorkflowWatch(Screen screen) : IProgress<WorkflowRun>
{
    private readonly Dictionary<string, WorkflowRunStatus> _told = new(StringComparer.Ordinal);

    public void Report(WorkflowRun value)
    {
        foreach (var step in value.Steps)
        {
            if (step.Status is not WorkflowRunStatus.New && (!_told.TryGetValue(step.Name, out var told) || told != step.Status))
            {
                _told[step.Name] = step.Status;
                screen.Line($"{step.Name}: {Format.Of(step.Status)}{(step.Reason is null ? "" : $": {Format.OneLine(step.Reason)}")}");
            }
        }
    }
}
