using System.Globalization;

namespace OrleansDL.Datasets;

/// <summary>How long versions stay, who uses what, and what goes for ever.</summary>
public sealed class RetentionClient
{
    private readonly OdlConnection _http;

    internal RetentionClient(OdlConnection http) => _http = http;

    public Task<Dataset> SetAsync(string dataset, DatasetRetention retention, CancellationToken cancellationToken = default) =>
        _http.PutAsync<Dataset>($"{Of(dataset)}/retention", retention, null, cancellationToken);

    /// <summary>Lets go of the versions that the retention does not keep, or only says which those are.</summary>
    public Task<PruneReport> PruneAsync(string dataset, bool dryRun, CancellationToken cancellationToken = default) =>
        _http.PostAsync<PruneReport>($"{Of(dataset)}/prune?dryRun={(dryRun ? "true" : "false")}", null, cancellationToken);

    /// <summary>Which versions hold a file, a source, or a row of a version, and who used them.</summary>
    public Task<DatasetUsage> UsageAsync(
        string dataset, string? path = null, string? source = null, long? row = null, string? version = null, CancellationToken cancellationToken = default) =>
        _http.GetAsync<DatasetUsage>(
            OdlConnection.Query($"{Of(dataset)}/usage", ("path", path), ("source", source), ("row", row?.ToString(CultureInfo.InvariantCulture)), ("version", version)), cancellationToken);

    /// <summary>Removes versions for ever and at once. For administrators.</summary>
    public Task<PurgeReport> PurgeAsync(string dataset, PurgeSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<PurgeReport>($"{Of(dataset)}/purge", spec, cancellationToken);

    private string Of(string dataset) => $"{_http.Project}/datasets/{OdlConnection.Escape(dataset)}";
}
