using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Running;

/// <summary>Where one step of a run stands, as its journal tells.</summary>
internal sealed record StepProgress
{
    public WorkflowRunStatus Status { get; init; } = WorkflowRunStatus.New;

    /// <summary>The current or last attempt, from 1; 0 before the first.</summary>
    public int Attempt { get; init; }
    public Value.Map? Plan { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? AttemptStartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When the next attempt begins, after a failed one.</summary>
    public DateTimeOffset? RetryAt { get; init; }
    public StepStopping? Stopping { get; init; }
    public string? Output { get; init; }
    public IReadOnlyList<CriterionResult> Criteria { get; init; } = [];
    public string? Reason { get; init; }
    public bool Blocked { get; init; }

    public bool HasEnded => Status is not (WorkflowRunStatus.New or WorkflowRunStatus.Running);

    /// <summary>Whether the steps behind it may begin: it succeeded, or its own condition was false.</summary>
    public bool IsSatisfied => Status is WorkflowRunStatus.Succeeded || (Status is WorkflowRunStatus.Skipped && !Blocked);
}
