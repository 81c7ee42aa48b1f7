namespace OrleansDL.Identity;

/// <summary>All access tokens. Key: <c>"all"</c>. Any number of activations: the rows are the state.</summary>
[Alias("tokens")]
public interface ITokensGrain : IGrainWithStringKey
{
    /// <summary>Makes a token. Its secret is in the answer and nowhere else.</summary>
    [Alias("create"), Requires(Role.Admin)] Task<NewToken> CreateAsync(TokenSpec spec);

    [Alias("list"), Requires(Role.Admin)] Task<Page<Token>> ListAsync(PageRequest page);

    /// <summary>Revokes a token everywhere within a second. Revoking it again does nothing.</summary>
    [Alias("revoke"), Requires(Role.Admin)] Task<Token> RevokeAsync(Guid token);
}
