namespace OrleansDL.Serving;

/// <summary>Where a canary stands.</summary>
[GenerateSerializer, Immutable, Alias("canary-progress")]
public sealed record CanaryProgress
{
    [Id(0)] public CanaryStatus Status { get; init; }

    /// <summary>Position of the step that runs, or ran last, from 0 on.</summary>
    [Id(1)] public int Step { get; init; }

    /// <summary>When the step began; null until both versions answer.</summary>
    [Id(2)] public DateTimeOffset? Since { get; init; }

    /// <summary>What it was judged by last.</summary>
    [Id(3)] public string? Reason { get; init; }
}
