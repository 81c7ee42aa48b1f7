namespace OrleansDL.UserCode;

/// <summary>Secrets of the client's project. Their values go in and never come out.</summary>
public sealed class SecretsClient
{
    private readonly OdlConnection _http;

    internal SecretsClient(OdlConnection http) => _http = http;

    /// <summary>Gives a secret a value, in place of the one it had.</summary>
    public Task<ProjectSecret> SetAsync(string name, string value, CancellationToken cancellationToken = default) =>
        _http.PutAsync<ProjectSecret>(Of(name), new SecretValue { Value = value }, null, cancellationToken);

    public IAsyncEnumerable<ProjectSecret> ListAsync(CancellationToken cancellationToken = default) => _http.ListAsync<ProjectSecret>(Root, cancellationToken);

    public Task DeleteAsync(string name, CancellationToken cancellationToken = default) => _http.DeleteAsync(Of(name), null, cancellationToken);

    private string Root => $"{_http.Project}/secrets";
    private string Of(string name) => $"{Root}/{OdlConnection.Escape(name)}";
}
