using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Identity;

/// <summary><c>odl token ...</c></summary>
internal static class TokenCommands
{
    public static Command Create() => new("token", "Access tokens: create, list, revoke.") { CreateToken(), List(), Revoke() };

    private static Command CreateToken()
    {
        var title = new Argument<string>("title") { Description = "What it is for." };
        var role = new Option<Role>("--role") { Description = "viewer, developer, operator or admin; each includes the ones before.", DefaultValueFactory = _ => Role.Viewer };
        var only = new Option<string?>("--only-project") { Description = "Good for this project alone. Default: for all." };
        var expires = new Option<TimeSpan?>("--expires") { Description = "Until when, for example 12h or 30d. Default: for ever.", CustomParser = Durations.Parse };
        var rate = new Option<double?>("--rate") { Description = "Inference requests a second it may make, on each server. Default: any number." };
        var burst = new Option<int?>("--rate-burst") { Description = "Requests at once after a pause. Default: those of one second." };
        return new Command("create", "Make a token. Its secret is shown this once.") { title, role, only, expires, rate, burst }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.Tokens.CreateAsync(
                    new TokenSpec
                    {
                        Title = session.Get(title),
                        Role = session.Get(role),
                        Project = session.Get(only),
                        ExpiresInSeconds = session.Get(expires)?.TotalSeconds,
                        RateLimit = RateText.Of(session.Get(rate), session.Get(burst), null),
                    },
                    cancel),
                t =>
                {
                    session.Screen.Note($"Token {t.Token.Id}, {Format.Of(t.Token.Role)} of {t.Token.Project ?? "all projects"}. It is shown this once:");
                    session.Screen.Line(t.Secret);
                }));
    }

    private static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
        return new Command("list", "List tokens, without their secrets.") { limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.Tokens.ListAsync(cancel),
                session.Get(limit),
                ["id", "title", "role", "project", "created", "expires", "revoked"],
                t => [t.Id.ToString(), t.Title, Format.Of(t.Role), t.Project ?? "all", Format.Time(t.CreatedAt), Format.Time(t.ExpiresAt), Format.Time(t.RevokedAt)],
                cancel));
    }

    private static Command Revoke()
    {
        var token = new Argument<Guid>("id") { Description = "Id of the token, as 'odl token list' shows it." };
        return new Command("revoke", "Make a token worthless, everywhere within a second.") { token }.Does(async (session, cancel) =>
        {
            await session.Client.Tokens.RevokeAsync(session.Get(token), cancel);
            session.Screen.Line($"Revoked token {session.Get(token)}.");
        });
    }
}
