using Microsoft.Extensions.Time.Testing;
using OrleansDL.Access;
using OrleansDL.Database;
using OrleansDL.Identity;

namespace OrleansDL.Tests.Hosting;

[Collection(ServerNodeCollection.Name)]
public sealed class TokenStoreTests(ServerNode node)
{
    [Fact]
    public async Task A_revocation_on_one_node_reaches_the_others_within_a_second()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var (here, elsewhere) = (new TokenStore(node.Get<Db>(), time), new TokenStore(node.Get<Db>(), time));
        var token = await here.CreateAsync(new TokenSpec { Title = "to be revoked", Role = Role.Viewer });
        Assert.Equal(Role.Viewer, (await elsewhere.CheckAsync(token.Secret)).Role);

        await here.RevokeAsync(token.Token.Id);
        time.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<UnauthorizedException>(() => elsewhere.CheckAsync(token.Secret).AsTask());
    }

    [Fact]
    public async Task A_token_is_refused_once_it_has_expired()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var tokens = new TokenStore(node.Get<Db>(), time);
        var token = await tokens.CreateAsync(new TokenSpec { Title = "short", Role = Role.Viewer, ExpiresInSeconds = 0.2 });
        await tokens.CheckAsync(token.Secret);

        time.Advance(TimeSpan.FromSeconds(0.2));

        var refusal = await Assert.ThrowsAsync<UnauthorizedException>(() => tokens.CheckAsync(token.Secret).AsTask());
        Assert.Contains("expired", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("odl_wrong")]
    [InlineData("' OR 1=1 --")]
    public async Task Whatever_is_no_token_is_refused(string? secret) =>
        await Assert.ThrowsAsync<UnauthorizedException>(() => node.Get<TokenStore>().CheckAsync(secret).AsTask());

    [Fact]
    public void The_first_token_can_be_read_by_its_owner_only() => Assert.Equal(
        UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(node.Folder, "admin.token")));
}
