namespace OrleansDL.Identity;

/// <summary>Access tokens.</summary>
public sealed class TokensClient
{
    private const string Root = "v1/tokens";

    private readonly OdlConnection _http;

    internal TokensClient(OdlConnection http) => _http = http;

    /// <summary>Makes a token. Its secret is in the answer and nowhere else.</summary>
    public Task<NewToken> CreateAsync(TokenSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<NewToken>(Root, spec, cancellationToken);

    public IAsyncEnumerable<Token> ListAsync(CancellationToken cancellationToken = default) =>
        _http.ListAsync<Token>(Root, cancellationToken);

    /// <summary>Revokes a token everywhere within a second.</summary>
    public Task RevokeAsync(Guid token, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync($"{Root}/{token}", null, cancellationToken);

    /// <summary>What the client's own token may do.</summary>
    public Task<WhoAmI> GetOwnAsync(CancellationToken cancellationToken = default) =>
        _http.GetAsync<WhoAmI>("v1/whoami", cancellationToken);
}
