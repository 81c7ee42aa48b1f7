namespace OrleansDL.Training;

/// <summary>The workers of the cluster.</summary>
public sealed class WorkersClient
{
    private readonly OdlConnection _http;

    internal WorkersClient(OdlConnection http) => _http = http;

    public Task<IReadOnlyList<WorkerInfo>> ListAsync(CancellationToken cancellationToken = default) =>
        _http.GetItemsAsync<WorkerInfo>("v1/workers", cancellationToken);
}
