namespace OrleansDL.Training;

/// <summary>Where a run stands. The numbers are stored: they never change.</summary>
public enum RunStatus
{
    New = 0,
    Queued = 1,
    Running = 2,
    Completed = 3,
    Failed = 4,
    Cancelled = 5,
    Cancelling = 6,
}
