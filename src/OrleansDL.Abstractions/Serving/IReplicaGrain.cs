using Orleans.Concurrency;

namespace OrleansDL.Serving;

/// <summary>One generation of a deployment on one worker. Key: <c>WORKER/GENERATION</c>; it lives on that worker and nowhere else.</summary>
[Alias("replica")]
public interface IReplicaGrain : IGrainWithStringKey
{
    /// <summary>Fetches, loads and warms the model. Loading again does nothing.</summary>
    [Alias("load")] Task<ModelSignature> LoadAsync(ReplicaSpec spec);

    /// <summary>Finishes what is in flight, then frees the model. Unloading again does nothing.</summary>
    [Alias("unload")] Task UnloadAsync();

    /// <exception cref="NoCapacityException">The generation is not loaded here (any more).</exception>
    [Alias("infer"), AlwaysInterleave] Task<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken = default);

    /// <exception cref="NoCapacityException">The generation is not loaded here (any more).</exception>
    [Alias("predict"), AlwaysInterleave] Task<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken = default);

    /// <summary>Continues a text, part by part; whoever stops reading ends it.</summary>
    /// <exception cref="NoCapacityException">The generation is not loaded here (any more).</exception>
    [Alias("generate"), AlwaysInterleave] IAsyncEnumerable<GeneratePiece> GenerateAsync(GenerateRequest request, CancellationToken cancellationToken = default);

    /// <summary>Asks a decoupled model, which answers any number of times; whoever stops reading ends it.</summary>
    /// <exception cref="NoCapacityException">The generation is not loaded here (any more).</exception>
    [Alias("answers"), AlwaysInterleave] IAsyncEnumerable<InferAnswer> AnswersAsync(InferRequest request, CancellationToken cancellationToken = default);
}
