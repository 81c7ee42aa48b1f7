using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>How a deployment keeps what a model remembers between the requests of one sequence. Fields and meanings follow Triton's <c>sequence_batching</c>.</summary>
[GenerateSerializer, Immutable, Alias("sequence-spec")]
public sealed record SequenceSpec
{
    [Id(0)] public SequenceStrategy Strategy { get; init; }

    /// <summary>Sequences under way at the same time in one instance on one worker, 1 to 4096; the first requests of more wait. Direct: also the slots of a batch.</summary>
    [Id(1)] public int MaximumSequences { get; init; } = 16;

    /// <summary>How long a sequence may be without a request before it is over, 1,000 to 86,400,000,000.</summary>
    [Id(2)] public long MaximumIdleMicroseconds { get; init; } = 1_000_000;

    /// <summary>Inputs by which the model is told where in a sequence it is. Callers do not see them.</summary>
    [Id(3)] public IReadOnlyList<SequenceControl> Controls { get; init; } = [];

    /// <summary>What the model gives out to be given back with the sequence's next request. Callers do not see it.</summary>
    [Id(4)] public IReadOnlyList<SequenceState> States { get; init; } = [];

    /// <summary>Oldest: sequences of one execution at most, 1 to 1024.</summary>
    [Id(5)] public int MaximumBatchSize { get; init; } = 8;

    /// <summary>Requests that may wait, 1 to 1,000,000; what comes on top is refused at once.</summary>
    [Id(6)] public int MaximumQueue { get; init; } = 4096;

    /// <summary>How long the oldest request may wait for those of other sequences, 0 to 86,400,000,000; 0: what waits is run at once.</summary>
    [Id(60)] public long MaximumDelayMicroseconds { get; init; }

    /// <summary>Direct: share of the places that ends the wait when so many have a request, 0 to 1.</summary>
    [Id(61)] public double MinimumUtilization { get; init; }

    /// <summary>Oldest: sizes, ascending, that end the wait when they are reached.</summary>
    [Id(62)] public IReadOnlyList<int> PreferredBatchSizes { get; init; } = [];

    /// <summary>Executions at the same time on one worker, 1 to 256, each with places of its own.</summary>
    [Id(53)] public int Instances { get; init; } = 1;

    /// <summary>Whether the first axis of the model's tensors counts no rows though it is open, so that each sequence runs for itself.</summary>
    [Id(54), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Unbatched { get; init; }
}
