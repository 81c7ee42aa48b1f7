namespace OrleansDL.Models;

/// <summary>Registered models of the client's project. Wherever a version stands: its number, an alias, or <c>latest</c>.</summary>
public sealed class ModelsClient
{
    private readonly OdlConnection _http;

    internal ModelsClient(OdlConnection http) => _http = http;

    public IAsyncEnumerable<Model> ListAsync(CancellationToken cancellationToken = default) =>
        _http.ListAsync<Model>(Root, cancellationToken);

    public Task<Model> CreateAsync(ModelSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<Model>(Root, spec, cancellationToken);

    public Task<Model> GetAsync(string model, CancellationToken cancellationToken = default) =>
        _http.GetAsync<Model>(Of(model), cancellationToken);

    public Task<Model> RenameAsync(string model, string name, string? ifMatch = null, CancellationToken cancellationToken = default) =>
        _http.PatchAsync<Model>(Of(model), new { name }, ifMatch, cancellationToken);

    /// <summary>Refused while a deployment serves one of its versions.</summary>
    public Task DeleteAsync(string model, string? ifMatch = null, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(Of(model), ifMatch, cancellationToken);

    /// <summary>Newest first.</summary>
    public IAsyncEnumerable<ModelVersion> ListVersionsAsync(string model, CancellationToken cancellationToken = default) =>
        _http.ListAsync<ModelVersion>($"{Of(model)}/versions", cancellationToken);

    public Task<ModelVersion> GetVersionAsync(string model, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.GetAsync<ModelVersion>(Of(model, version), cancellationToken);

    /// <summary>One file of a version's artifact, for example <c>model.onnx</c> or <c>charts/loss.svg</c>.</summary>
    public Task<Stream> DownloadAsync(string model, string version, string file, CancellationToken cancellationToken = default) =>
        _http.OpenAsync($"{Of(model, version)}/files/{OdlConnection.EscapePath(file)}", cancellationToken);

    public Task<Model> SetAliasAsync(string model, string alias, long version, CancellationToken cancellationToken = default) =>
        _http.PutAsync<Model>($"{Of(model)}/aliases/{OdlConnection.Escape(alias)}", new { version }, null, cancellationToken);

    public Task RemoveAliasAsync(string model, string alias, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync($"{Of(model)}/aliases/{OdlConnection.Escape(alias)}", null, cancellationToken);

    private string Root => $"{_http.Project}/models";
    private string Of(string model) => $"{Root}/{OdlConnection.Escape(model)}";
    private string Of(string model, string version) => $"{Of(model)}/versions/{OdlConnection.Escape(version)}";
}
