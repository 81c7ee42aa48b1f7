namespace OrleansDL.Training;

/// <summary>The pools of the cluster: who shares which slots, and how.</summary>
public sealed class PoolsClient
{
    private readonly OdlConnection _http;

    internal PoolsClient(OdlConnection http) => _http = http;

    public Task<IReadOnlyList<PoolInfo>> ListAsync(CancellationToken cancellationToken = default) =>
        _http.GetItemsAsync<PoolInfo>("v1/pools", cancellationToken);

    public Task<PoolInfo> GetAsync(string pool, CancellationToken cancellationToken = default) =>
        _http.GetAsync<PoolInfo>($"v1/pools/{OdlConnection.Escape(pool)}", cancellationToken);

    /// <summary>Sets how a pool shares its slots. Needs an administrator's token.</summary>
    public Task<PoolInfo> SetAsync(string pool, PoolSettings settings, CancellationToken cancellationToken = default) =>
        _http.PutAsync<PoolInfo>($"v1/admin/pools/{OdlConnection.Escape(pool)}", settings, null, cancellationToken);
}
