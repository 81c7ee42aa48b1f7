namespace OrleansDL.Serving.Asides;

/// <inheritdoc/>
internal sealed record ShadowInfer(RouteEntry Shadow, InferRequest Request, InferAnswer Answer, double Tolerance, long Bytes) : ShadowJob(Shadow, Tolerance, Bytes)
{
    public override async Task<Func<ShadowComparison>> AskAsync(Router router, CancellationToken cancellationToken)
    {
        var (_, answer) = await router.InferAsync(Shadow, Request, cancellationToken);
        return () => ShadowComparison.Of(Answer, answer, Tolerance);
    }
}
