namespace OrleansDL.Serving.Ensembles;

/// <summary>An ensemble as what answers a route: on the front itself, which calls its steps as it calls any model.</summary>
internal sealed class EnsembleReplica(Route route, Lazy<EnsemblePlan> plan, EnsembleGate gate, EnsembleSteps steps) : IReplica
{
    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        if (request.Depth >= EnsembleCheck.MaximumDepth)
        {
            throw new OverloadedException($"Ensemble '{route.Name}' is within {request.Depth} others: they call one another in a circle, or too deep.");
        }

        gate.Enter(route.Name, plan.Value.Spec.MaximumInFlight);
        try
        {
            return await new EnsembleRun(route, plan.Value, steps, request).RunAsync(cancellationToken);
        }
        finally
        {
            gate.Leave();
        }
    }

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) =>
        throw new InvalidException($"Deployment '{route.Name}' is an ensemble, which takes tensors and no rows. Send them to the inference protocol: POST /v2/models/{route.Name}/infer.");

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) =>
        throw new InvalidException($"Deployment '{route.Name}' is an ensemble, which continues no texts.");
}
