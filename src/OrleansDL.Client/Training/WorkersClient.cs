using OrleansDL.Serving;

namespace OrleansDL.Training;

/// <summary>The workers of the cluster.</summary>
public sealed class WorkersClient
{
    private readonly OdlConnection _http;

    internal WorkersClient(OdlConnection http) => _http = http;

    public Task<IReadOnlyList<WorkerInfo>> ListAsync(CancellationToken cancellationToken = default) =>
        _http.GetItemsAsync<WorkerInfo>("v1/workers", cancellationToken);

    /// <summary>What a worker has loaded.</summary>
    public Task<WorkerModels> GetModelsAsync(string worker, CancellationToken cancellationToken = default) =>
        _http.GetAsync<WorkerModels>($"v1/workers/{OdlConnection.Escape(worker)}/models", cancellationToken);

    /// <summary>Takes a worker out of use: its runs write a checkpoint and go on elsewhere.</summary>
    public Task<WorkerInfo> DrainAsync(string worker, CancellationToken cancellationToken = default) =>
        _http.PostAsync<WorkerInfo>($"v1/workers/{OdlConnection.Escape(worker)}/drain", null, cancellationToken);

    /// <summary>Puts a drained worker back into use.</summary>
    public Task<WorkerInfo> UndrainAsync(string worker, CancellationToken cancellationToken = default) =>
        _http.PostAsync<WorkerInfo>($"v1/workers/{OdlConnection.Escape(worker)}/undrain", null, cancellationToken);
}
