namespace OrleansDL.Serving;

/// <summary>What happens to a request that waited longer than its timeout. The numbers are stored: they never change.</summary>
public enum QueueTimeoutAction
{
    /// <summary>It is refused.</summary>
    Reject = 0,

    /// <summary>It goes behind all that are in time, and is answered when none of them waits.</summary>
    Delay = 1,
}
