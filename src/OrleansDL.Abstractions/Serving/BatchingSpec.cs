using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>How a deployment lets requests wait for company, so that the model runs them together. Fields and meanings follow Triton's <c>dynamic_batching</c>.</summary>
/// <remarks>Only models whose inputs and outputs all begin with a dynamic batch axis can run requests together; others answer one by one.</remarks>
[GenerateSerializer, Immutable, Alias("batching-spec")]
public sealed record BatchingSpec
{
    /// <summary>Rows of one execution at most, 1 to 1024. A request of more rows is refused.</summary>
    [Id(0)] public int MaximumBatchSize { get; init; } = 16;

    /// <summary>Sizes, ascending, that are run as soon as they are reached; what would pass the greatest is not waited for. Empty: any size is as good.</summary>
    [Id(1)] public IReadOnlyList<int> PreferredBatchSizes { get; init; } = [];

    /// <summary>How long the oldest request may wait for company while the model is free, 0 to 86,400,000,000. The clock ticks in milliseconds.</summary>
    [Id(2)] public long MaximumDelayMicroseconds { get; init; }

    /// <summary>Whether the wait is chosen by what the traffic so far has shown to pay, up to <see cref="MaximumDelayMicroseconds"/>.</summary>
    [Id(3)] public bool Adaptive { get; init; }

    /// <summary>Whether answers leave in the order in which requests came.</summary>
    [Id(4)] public bool PreserveOrdering { get; init; }

    /// <summary>Levels of priority, 1 to 64; 1 is served first.</summary>
    [Id(5)] public int PriorityLevels { get; init; } = 1;

    /// <summary>Level of a request that names none; 0: the last.</summary>
    [Id(6)] public int DefaultPriority { get; init; }

    /// <summary>Requests that may wait, 1 to 1,000,000; what comes on top is refused at once.</summary>
    [Id(7)] public int MaximumQueue { get; init; } = 4096;

    /// <summary>How long a request may wait before <see cref="TimeoutAction"/>, for those that name no timeout; 0: for ever.</summary>
    [Id(8)] public long TimeoutMicroseconds { get; init; }

    /// <summary>What happens to a request whose wait is over.</summary>
    [Id(9)] public QueueTimeoutAction TimeoutAction { get; init; }

    /// <summary>Whether a request's own timeout counts.</summary>
    [Id(10)] public bool AllowTimeoutOverride { get; init; } = true;

    /// <summary>Executions at the same time, 1 to 256; 0: one for each processor of the worker.</summary>
    [Id(11)] public int Instances { get; init; }

    /// <summary>Policies of single levels of priority, by level; null: all wait as the fields above say.</summary>
    [Id(60), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyDictionary<int, QueuePolicy>? PriorityPolicies { get; init; }
}
