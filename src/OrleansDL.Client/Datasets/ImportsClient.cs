namespace OrleansDL.Datasets;

/// <summary>Files that the server fetches itself, from a web server or an S3-compatible store.</summary>
public sealed class ImportsClient
{
    private readonly OdlConnection _http;

    internal ImportsClient(OdlConnection http) => _http = http;

    /// <summary>Starts an import; it goes on whether or not anyone watches.</summary>
    public Task<DatasetImport> StartAsync(string dataset, ImportSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<DatasetImport>(Of(dataset), spec, cancellationToken);

    public Task<DatasetImport> GetAsync(string dataset, Guid import, CancellationToken cancellationToken = default) =>
        _http.GetAsync<DatasetImport>($"{Of(dataset)}/{import}", cancellationToken);

    /// <summary>Newest first.</summary>
    public IAsyncEnumerable<DatasetImport> ListAsync(string dataset, CancellationToken cancellationToken = default) =>
        _http.ListAsync<DatasetImport>(Of(dataset), cancellationToken);

    public Task<DatasetImport> CancelAsync(string dataset, Guid import, CancellationToken cancellationToken = default) =>
        _http.PostAsync<DatasetImport>($"{Of(dataset)}/{import}/cancel", null, cancellationToken);

    /// <summary>Asks the sources a version came from whether they still are what was fetched.</summary>
    public async Task<IReadOnlyList<SourceCheck>> CheckSourcesAsync(string dataset, string version = "latest", CancellationToken cancellationToken = default) =>
        (await _http.SendAsync<Page<SourceCheck>>(
            HttpMethod.Post, $"{_http.Project}/datasets/{OdlConnection.Escape(dataset)}/versions/{OdlConnection.Escape(version)}/sources/check", null, null, cancellationToken, patient: true)).Items;

    private string Of(string dataset) => $"{_http.Project}/datasets/{OdlConnection.Escape(dataset)}/imports";
}
