namespace OrleansDL.Serving;

/// <summary>Where the time of an answered request went on its worker, in nanoseconds. Requests that ran together share the times of their execution.</summary>
[GenerateSerializer, Immutable, Alias("infer-times")]
public readonly record struct InferTimes
{
    /// <summary>From the request's arrival at the replica to the start of its execution.</summary>
    [Id(0)] public long Queue { get; init; }

    /// <summary>Laying the inputs out.</summary>
    [Id(1)] public long Input { get; init; }

    /// <summary>The model's run.</summary>
    [Id(2)] public long Run { get; init; }

    /// <summary>Taking the outputs.</summary>
    [Id(3)] public long Output { get; init; }

    /// <summary>Rows of this request; 1 for a model without a batch axis.</summary>
    [Id(4)] public int Rows { get; init; }

    /// <summary>Rows of the execution it was part of.</summary>
    [Id(5)] public int BatchSize { get; init; }

    /// <summary>Whether it stands for the execution: true for exactly one of the requests that ran together.</summary>
    [Id(6)] public bool CountsExecution { get; init; }

    /// <summary>Looking into the response cache, and keeping the answer there; 0 where there is none.</summary>
    [Id(70)] public long Cache { get; init; }

    /// <summary>Whether the answer came from the response cache, and nothing ran for it.</summary>
    [Id(71)] public bool CacheHit { get; init; }
}
