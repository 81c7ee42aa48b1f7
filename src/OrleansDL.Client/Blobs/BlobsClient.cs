namespace OrleansDL.Blobs;

/// <summary>The blob store as a whole; for administrators.</summary>
public sealed class BlobsClient
{
    private readonly OdlConnection _http;

    internal BlobsClient(OdlConnection http) => _http = http;

    /// <summary>Removes what nobody refers to, as the server does by itself every hour.</summary>
    /// <param name="dryRun">Only counts what would be removed.</param>
    public Task<BlobSweepReport> SweepAsync(bool dryRun, CancellationToken cancellationToken = default) =>
        _http.PostAsync<BlobSweepReport>($"v1/admin/blobs/sweep?dryRun={(dryRun ? "true" : "false")}", new { }, cancellationToken);
}
