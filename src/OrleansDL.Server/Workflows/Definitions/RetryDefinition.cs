namespace OrleansDL.Workflows.Definitions;

/// <summary>When a failed attempt is made again.</summary>
internal sealed record RetryDefinition
{
    public static readonly string[] Kinds = ["infra", "timeout", "error"];

    public static readonly RetryDefinition Never = new();

    /// <summary>Attempts after the first.</summary>
    public int Max { get; init; }
    public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How much longer each wait is than the one before.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>Kinds of failure it is for: <c>infra</c> (no capacity, a store that is away), <c>timeout</c>, <c>error</c> (the step's own).</summary>
    public IReadOnlyList<string> On { get; init; } = ["infra", "timeout"];

    /// <summary>How long to wait after the given attempt failed, an hour at most.</summary>
    public TimeSpan After(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(3600, Backoff.TotalSeconds * Math.Pow(Factor, attempt - 1)));
}
