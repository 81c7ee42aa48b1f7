namespace OrleansDL.Datasets;

/// <summary>How a batch prediction stands.</summary>
public enum BatchPredictionStatus
{
    Running = 0,
    Completed = 1,
    Failed = 2,
    Cancelled = 3,
}
