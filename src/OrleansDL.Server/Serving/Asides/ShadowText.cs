using System.Text;

namespace OrleansDL.Serving.Asides;

/// <inheritdoc/>
internal sealed record ShadowText(RouteEntry Shadow, GenerateRequest Request, string Text, long Bytes) : ShadowJob(Shadow, Tolerance: 0, Bytes)
{
    public override async Task<Func<ShadowComparison>> AskAsync(Router router, CancellationToken cancellationToken)
    {
        var (_, text) = await router.GenerateAsync(Shadow, Request, cancellationToken);
        await using (text)
        {
            var other = new StringBuilder();
            do
            {
                other.Append(text.Current.Text);
            }
            while (await text.NextAsync());

            // It draws from the caller's own seed: what would be said alike is.
            return () => new ShadowComparison(other.Equals(Text), Difference: null);
        }
    }
}
