namespace OrleansDL.Serving;

/// <summary>How the requests of one level of priority wait.</summary>
[GenerateSerializer, Immutable, Alias("queue-policy")]
public sealed record QueuePolicy
{
    /// <summary>Requests of the level that may wait, 1 to 1,000,000; 0: as the whole queue says.</summary>
    [Id(0)] public int MaximumQueue { get; init; }

    /// <summary>How long a request may wait, for those that name no timeout; 0: for ever.</summary>
    [Id(1)] public long TimeoutMicroseconds { get; init; }

    /// <summary>What happens to a request whose wait is over.</summary>
    [Id(2)] public QueueTimeoutAction TimeoutAction { get; init; }

    /// <summary>Whether a request's own timeout counts.</summary>
    [Id(3)] public bool AllowTimeoutOverride { get; init; } = true;
}
