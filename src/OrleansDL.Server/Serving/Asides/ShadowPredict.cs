namespace OrleansDL.Serving.Asides;

/// <inheritdoc/>
internal sealed record ShadowPredict(RouteEntry Shadow, PredictRequest Request, PredictAnswer Answer, double Tolerance, long Bytes) : ShadowJob(Shadow, Tolerance, Bytes)
{
    public override async Task<Func<ShadowComparison>> AskAsync(Router router, CancellationToken cancellationToken)
    {
        var (_, answer) = await router.PredictAsync(Shadow, Request, cancellationToken);
        return () => ShadowComparison.Of(Answer, answer, Tolerance);
    }
}
