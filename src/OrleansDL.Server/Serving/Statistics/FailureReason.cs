namespace OrleansDL.Serving.Statistics;

/// <summary>Why a request failed, as the reference server's metrics have it.</summary>
internal enum FailureReason
{
    /// <summary>There was too much to do, or it asked too often.</summary>
    Rejected,

    /// <summary>Its caller left.</summary>
    Canceled,

    /// <summary>The model, or what runs it.</summary>
    Backend,

    /// <summary>Everything else: as a rule the request was wrong.</summary>
    Other,
}
