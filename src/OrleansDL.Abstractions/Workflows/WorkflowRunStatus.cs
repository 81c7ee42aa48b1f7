namespace OrleansDL.Workflows;

/// <summary>Where a workflow run, or one of its steps, stands. The numbers are stored: they never change.</summary>
public enum WorkflowRunStatus
{
    New = 0,
    Running = 1,
    Succeeded = 2,
    Failed = 3,
    Cancelled = 4,

    /// <summary>A step whose condition was false, or that a failed step kept from running.</summary>
    Skipped = 5,

    /// <summary>A step whose criteria did not all hold.</summary>
    Rejected = 6,
    Cancelling = 7,
}
