using System.Text.Json;
using OrleansDL.Datasets.Push;

namespace OrleansDL.Datasets;

/// <summary>Datasets of the client's project. Wherever a version stands: <c>latest</c>, <c>v3</c>, a tag, or <c>sha256:...</c>.</summary>
public sealed class DatasetsClient
{
    private readonly OdlConnection _http;

    internal DatasetsClient(OdlConnection http)
    {
        _http = http;
        Uploads = new UploadsClient(http);
        Imports = new ImportsClient(http);
        BatchPredictions = new BatchPredictionsClient(http);
    }

    /// <summary>The single calls of an upload.</summary>
    public UploadsClient Uploads { get; }

    /// <summary>Files that the server fetches itself.</summary>
    public ImportsClient Imports { get; }
    public BatchPredictionsClient BatchPredictions { get; }

    public BranchesClient Branches => new(_http);

    public RetentionClient Retention => new(_http);

    /// <summary>Rows to be read for training.</summary>
    public ShardsClient Shards => new(_http);

    public IAsyncEnumerable<Dataset> ListAsync(CancellationToken cancellationToken = default) =>
        _http.ListAsync<Dataset>(Root, cancellationToken);

    public Task<Dataset> CreateAsync(DatasetSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<Dataset>(Root, spec, cancellationToken);

    public Task<Dataset> GetAsync(string dataset, CancellationToken cancellationToken = default) =>
        _http.GetAsync<Dataset>(Of(dataset), cancellationToken);

    public Task<Dataset> RenameAsync(string dataset, string name, string? ifMatch = null, CancellationToken cancellationToken = default) =>
        _http.PatchAsync<Dataset>(Of(dataset), new { name }, ifMatch, cancellationToken);

    public Task DeleteAsync(string dataset, string? ifMatch = null, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(Of(dataset), ifMatch, cancellationToken);

    /// <summary>Uploads one file (CSV, JSON Lines, tar, zip, or any file) as a new version. Nothing is there before all of it is.</summary>
    /// <param name="dataset">Name or id.</param>
    /// <param name="content">Read from where it stands to its end.</param>
    /// <param name="options">Message, tags, format.</param>
    /// <param name="progress">Told the bytes sent so far.</param>
    /// <param name="cancellationToken">Stops the upload, leaving nothing.</param>
    public Task<DatasetVersion> CommitAsync(
        string dataset, Stream content, CommitOptions options, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        CommitAsync(dataset, UploadContent.Of(content, progress), options, cancellationToken);

    /// <summary>Brings a folder, or one file, into a dataset as a new version: only what the server lacks is sent, small files together,
    /// large ones so that a push that was cut off goes on where it was. Pushing what is there already makes no version.</summary>
    /// <param name="dataset">Name or id.</param>
    /// <param name="source">Path of a folder or file of this machine; hidden files are left out.</param>
    /// <param name="options">Branch, message, what is removed.</param>
    /// <param name="progress">Told from several threads.</param>
    /// <param name="cancellationToken">Stops it; nothing is committed, and the next push goes on.</param>
    /// <exception cref="ConflictException">A file was changed while it was pushed, or the branch does not allow the commit.</exception>
    public Task<PushResult> PushAsync(
        string dataset, string source, PushOptions? options = null, IProgress<PushProgress>? progress = null, CancellationToken cancellationToken = default) =>
        new DatasetPush(this, dataset, options ?? new PushOptions(), new PushCount(progress), _http.Time).RunAsync(source, cancellationToken);

    /// <summary>Newest first.</summary>
    public IAsyncEnumerable<DatasetVersion> ListVersionsAsync(string dataset, CancellationToken cancellationToken = default) =>
        _http.ListAsync<DatasetVersion>($"{Of(dataset)}/versions", cancellationToken);

    public Task<DatasetVersion> GetVersionAsync(string dataset, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.GetAsync<DatasetVersion>(Of(dataset, version), cancellationToken);

    public Task<IReadOnlyList<ColumnStatistics>> GetStatisticsAsync(string dataset, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.GetItemsAsync<ColumnStatistics>($"{Of(dataset, version)}/statistics", cancellationToken);

    /// <summary>What the dataset's commits are held to.</summary>
    public Task<ValidationPolicy> GetPolicyAsync(string dataset, CancellationToken cancellationToken = default) =>
        _http.GetAsync<ValidationPolicy>($"{Of(dataset)}/policy", cancellationToken);

    public Task<ValidationPolicy> SetPolicyAsync(string dataset, ValidationPolicy policy, CancellationToken cancellationToken = default) =>
        _http.PutAsync<ValidationPolicy>($"{Of(dataset)}/policy", policy, null, cancellationToken);

    /// <summary>What a commit of these bytes would be found to be; nothing is committed.</summary>
    public Task<DatasetValidation> ValidateAsync(
        string dataset, Stream content, CommitOptions options, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var path = OdlConnection.Query(
            $"{Of(dataset)}/validate",
            ("format", options.Format),
            ("header", options.Header is null ? null : options.Header.Value ? "true" : "false"),
            ("types", options.Types),
            ("path", options.Path));
        return _http.SendAsync<DatasetValidation>(HttpMethod.Post, path, UploadContent.Of(content, progress), null, cancellationToken, patient: true);
    }

    public IAsyncEnumerable<DatasetEntry> ListFilesAsync(string dataset, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.ListAsync<DatasetEntry>($"{Of(dataset, version)}/files", cancellationToken);

    /// <summary>Rows as objects by column, in their order.</summary>
    public IAsyncEnumerable<JsonElement> ReadRowsAsync(string dataset, string version = "latest", CancellationToken cancellationToken = default) =>
        ReadRowsAsync(dataset, version, new RowSelection(), cancellationToken);

    /// <summary>Some columns of the rows that meet a condition, as objects by column, in their order.</summary>
    public IAsyncEnumerable<JsonElement> ReadRowsAsync(string dataset, string version, RowSelection selection, CancellationToken cancellationToken = default) =>
        _http.ListAsync<JsonElement>(Selected($"{Of(dataset, version)}/rows", selection), cancellationToken);

    /// <summary>One row by its number, counted from 0.</summary>
    public Task<JsonElement> GetRowAsync(string dataset, string version, long row, CancellationToken cancellationToken = default) =>
        _http.GetAsync<JsonElement>(FormattableString.Invariant($"{Of(dataset, version)}/rows/{row}"), cancellationToken);

    /// <summary>The rows in another format, as a stream: <c>csv</c>, <c>tsv</c>, <c>jsonl</c>, <c>parquet</c>, <c>arrow</c>, <c>npy</c>, <c>idx</c>, <c>tar</c>, <c>zip</c>, <c>webdataset</c>, <c>mds</c>, <c>croissant</c> or <c>original</c>.</summary>
    public Task<Stream> ExportAsync(string dataset, string version, string format, RowSelection? selection = null, CancellationToken cancellationToken = default) =>
        _http.OpenAsync(Selected($"{Of(dataset, version)}/export", selection ?? new RowSelection(), ("format", format)), cancellationToken);

    /// <summary>The bytes of one file as they were uploaded; without a path a tar of all files.</summary>
    public Task<Stream> DownloadAsync(string dataset, string version = "latest", string? path = null, CancellationToken cancellationToken = default) =>
        _http.OpenAsync(OdlConnection.Query($"{Of(dataset, version)}/download", ("path", path)), cancellationToken);

    public Task<DatasetVersion> TagAsync(string dataset, string version, string tag, CancellationToken cancellationToken = default) =>
        _http.PostAsync<DatasetVersion>($"{Of(dataset, version)}/tags", new { tag }, cancellationToken);

    /// <summary>Makes a snapshot of what a query selects: the same query answers the same version.</summary>
    /// <param name="dataset">Name or id.</param>
    /// <param name="query">Which commits, files and rows.</param>
    /// <param name="dryRun">Only counts, and makes nothing.</param>
    /// <param name="cancellationToken">Stops waiting; the snapshot may be made all the same.</param>
    public Task<SelectionResult> SelectAsync(string dataset, DatasetSelection query, bool dryRun = false, CancellationToken cancellationToken = default) =>
        _http.PostPatientlyAsync<SelectionResult>(OdlConnection.Query($"{Of(dataset)}/selections", ("dryRun", dryRun ? "true" : null)), query, cancellationToken);

    /// <summary>The labels of a version in the order of their ids; null as column means the one that training takes by itself.</summary>
    public Task<DatasetLabels> GetLabelsAsync(string dataset, string version = "latest", string? column = null, CancellationToken cancellationToken = default) =>
        _http.GetAsync<DatasetLabels>(OdlConnection.Query($"{Of(dataset, version)}/labels", ("column", column)), cancellationToken);

    public Task<DatasetDiff> DiffAsync(string dataset, string from, string to, CancellationToken cancellationToken = default) =>
        _http.GetAsync<DatasetDiff>(OdlConnection.Query($"{Of(dataset)}/diff", ("from", from), ("to", to)), cancellationToken);

    /// <summary>What <paramref name="to"/> changed since it left <paramref name="from"/>: the difference from their common ancestor.</summary>
    public Task<DatasetDiff> DiffSinceBaseAsync(string dataset, string from, string to, CancellationToken cancellationToken = default) =>
        _http.GetAsync<DatasetDiff>(OdlConnection.Query($"{Of(dataset)}/diff", ("from", from), ("to", to), ("sinceBase", "true")), cancellationToken);

    private string Root => $"{_http.Project}/datasets";

    private Task<DatasetVersion> CommitAsync(string dataset, Func<HttpContent> content, CommitOptions options, CancellationToken cancellationToken)
    {
        var path = OdlConnection.Query(
            $"{Of(dataset)}/commits",
            ("message", options.Message),
            ("tags", options.Tags.Count == 0 ? null : string.Join(',', options.Tags)),
            ("format", options.Format),
            ("header", options.Header is null ? null : options.Header.Value ? "true" : "false"),
            ("types", options.Types),
            ("path", options.Path),
            ("mode", options.Replace ? "replace" : "append"),
            ("branch", options.Branch),
            ("expectedHead", options.ExpectedHead?.ToString()));
        path = options.Remove.Aggregate(path, (url, removed) => $"{url}&remove={OdlConnection.Escape(removed)}");
        return _http.SendAsync<DatasetVersion>(HttpMethod.Post, path, content, null, cancellationToken, patient: true);
    }

    private static string Selected(string path, RowSelection selection, params (string Name, string? Value)[] others) => OdlConnection.Query(
        path, [("columns", selection.Columns.Count == 0 ? null : string.Join(',', selection.Columns)), ("filter", selection.Filter), ("split", selection.Split), .. others]);

    private string Of(string dataset) => $"{Root}/{OdlConnection.Escape(dataset)}";
    private string Of(string dataset, string version) => $"{Of(dataset)}/versions/{OdlConnection.Escape(version)}";
}
