namespace OrleansDL.Datasets;

/// <summary>How an import stands.</summary>
public enum ImportStatus
{
    Running = 0,
    Completed = 1,
    Failed = 2,
    Cancelled = 3,
}
