using System.Globalization;
using OrleansDL.Monitoring;

namespace OrleansDL.Serving;

/// <summary>Deployments of the client's project.</summary>
public sealed class DeploymentsClient
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly OdlConnection _http;

    internal DeploymentsClient(OdlConnection http) => _http = http;

    public IAsyncEnumerable<Deployment> ListAsync(CancellationToken cancellationToken = default) =>
        _http.ListAsync<Deployment>(Root, cancellationToken);

    public Task<Deployment> CreateAsync(DeploymentSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<Deployment>(Root, spec, cancellationToken);

    public Task<Deployment> GetAsync(string deployment, CancellationToken cancellationToken = default) =>
        _http.GetAsync<Deployment>(Of(deployment), cancellationToken);

    /// <summary>Changes what is wanted. The old version answers until the new one is ready.</summary>
    public Task<Deployment> UpdateAsync(string deployment, DeploymentSpec spec, string? ifMatch = null, CancellationToken cancellationToken = default) =>
        _http.PutAsync<Deployment>(Of(deployment), spec, ifMatch, cancellationToken);

    public Task DeleteAsync(string deployment, string? ifMatch = null, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(Of(deployment), ifMatch, cancellationToken);

    /// <summary>Waits until the wanted version answers, or cannot be loaded.</summary>
    /// <exception cref="ConflictException">It cannot be loaded; the message says why.</exception>
    public async Task<Deployment> WaitAsync(string deployment, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var now = await GetAsync(deployment, cancellationToken);
            if (now.Status is DeploymentStatus.Ready && now.ServingVersion == now.ModelVersion)
            {
                return now;
            }

            if (now.Status is DeploymentStatus.Failed)
            {
                throw new ConflictException($"Deployment '{now.Name}' cannot serve {now.Model}: {now.Reason}");
            }

            await Task.Delay(Glance, _http.Time, cancellationToken);
        }
    }

    /// <summary>Asks for labels of raw rows: each row an array of values, an object of named columns, a text, or <c>{"image": base64}</c>.</summary>
    public Task<Prediction> PredictAsync(string deployment, object rows, int top = 1, CancellationToken cancellationToken = default) =>
        _http.PostAsync<Prediction>($"{Of(deployment)}/predict", new { rows, top }, cancellationToken);

    /// <summary>Windows between two times, merged to <paramref name="stepSeconds"/> (a multiple of 10; 0: the whole range, one per version).</summary>
    public Task<IReadOnlyList<ServingWindow>> GetMetricsAsync(
        string deployment, DateTimeOffset? from = null, DateTimeOffset? to = null, int? stepSeconds = null, CancellationToken cancellationToken = default) =>
        _http.GetItemsAsync<ServingWindow>(
            OdlConnection.Query(
                $"{Of(deployment)}/metrics",
                ("from", from?.ToString("O", CultureInfo.InvariantCulture)),
                ("to", to?.ToString("O", CultureInfo.InvariantCulture)),
                ("stepSeconds", stepSeconds?.ToString(CultureInfo.InvariantCulture))),
            cancellationToken);

    private string Root => $"{_http.Project}/deployments";
    private string Of(string deployment) => $"{Root}/{OdlConnection.Escape(deployment)}";
}
