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

    /// <summary>Holds no slots until it is resumed.</summary>
    Paused = 7,

    /// <summary>Writes its checkpoint because its user wants it to pause.</summary>
    Pausing = 8,

    /// <summary>Writes its checkpoint because its slots go to another run, or its worker is drained; it is queued again at once.</summary>
    Preempting = 9,
}
