namespace OrleansDL.Workflows.Running;

internal sealed record RunFinished(WorkflowRunStatus Status, string? Reason);
