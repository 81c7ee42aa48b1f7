namespace OrleansDL.Serving.Asides;

/// <summary>A request that was answered, to be asked of a shadow.</summary>
/// <param name="Shadow">The version that is asked.</param>
/// <param name="Tolerance">How far numbers may be apart and agree.</param>
/// <param name="Bytes">What it holds.</param>
internal abstract record ShadowJob(RouteEntry Shadow, double Tolerance, long Bytes)
{
    /// <summary>Asks; the result compares the answer with the caller's.</summary>
    public abstract Task<Func<ShadowComparison>> AskAsync(Router router, CancellationToken cancellationToken);
}
