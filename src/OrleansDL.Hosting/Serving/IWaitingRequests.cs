namespace OrleansDL.Serving;

/// <summary>A replica in this process that knows how many requests wait for their execution.</summary>
public interface IWaitingRequests
{
    /// <summary>Requests that wait now.</summary>
    int Waiting { get; }
}
