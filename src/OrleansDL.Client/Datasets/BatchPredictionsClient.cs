namespace OrleansDL.Datasets;

/// <summary>Whole versions put to a deployment, their answers committed as a version.</summary>
public sealed class BatchPredictionsClient
{
    private readonly OdlConnection _http;

    internal BatchPredictionsClient(OdlConnection http) => _http = http;

    /// <summary>Starts one; it goes on whether or not anyone watches.</summary>
    public Task<BatchPrediction> StartAsync(BatchPredictionSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<BatchPrediction>(All, spec, cancellationToken);

    public Task<BatchPrediction> GetAsync(Guid prediction, CancellationToken cancellationToken = default) =>
        _http.GetAsync<BatchPrediction>($"{All}/{prediction}", cancellationToken);

    /// <summary>Newest first.</summary>
    public IAsyncEnumerable<BatchPrediction> ListAsync(CancellationToken cancellationToken = default) => _http.ListAsync<BatchPrediction>(All, cancellationToken);

    public Task<BatchPrediction> CancelAsync(Guid prediction, CancellationToken cancellationToken = default) =>
        _http.PostAsync<BatchPrediction>($"{All}/{prediction}/cancel", null, cancellationToken);

    private string All => $"{_http.Project}/batch-predictions";
}
