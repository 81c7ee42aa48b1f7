namespace OrleansDL;

/// <summary>Refused for the caller, or the callers of a deployment together, ask more often than they may.</summary>
/// <param name="message">Which limit, and when to ask again.</param>
/// <param name="retryAfterSeconds">Whole seconds until a request would be taken.</param>
[GenerateSerializer, Alias("rate-limited")]
public sealed class RateLimitedException(string message, int retryAfterSeconds) : OrleansDLException(message)
{
    public override string Code => "rate-limited";
    public override int Status => 429;

    /// <summary>Whole seconds until a request would be taken, 1 or more.</summary>
    [Id(0)] public int RetryAfterSeconds { get; } = retryAfterSeconds;
}
