using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.UserCode;

/// <summary><c>odl secret ...</c></summary>
internal static class SecretCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "Name of the variable that code gets it as, for example API_KEY." };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };

    public static Command Create() => new("secret", "Secrets of the project, for code that asks for them: set, list, delete.") { Set(), List(), Delete() };

    private static Command Set() => new Command("set", "Set a secret to what standard input holds; a line's end at its end is left out.") { Name }.Does(async (session, cancel) =>
    {
        if (!Console.IsInputRedirected)
        {
            throw new InvalidException($"The value comes by standard input, so that no list of processes and no history shows it: odl secret set {session.Get(Name)} < FILE");
        }

        var value = await Console.In.ReadToEndAsync(cancel);
        value = value.EndsWith('\n') ? value[..^1].TrimEnd('\r') : value;
        var secret = await session.Client.Secrets.SetAsync(session.Get(Name)!, value, cancel);
        session.Screen.Show(secret, s => session.Screen.Line($"Set {s.Name}. Code gets it when its spec names it in code.secrets."));
    });

    private static Command List() => new Command("list", "List secrets, without their values.") { Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Secrets.ListAsync(cancel), session.Get(Limit), ["name", "created", "updated"], s => [s.Name, Format.Time(s.CreatedAt), Format.Time(s.UpdatedAt)], cancel));

    private static Command Delete() => new Command("delete", "Delete a secret.") { Name }.Does(async (session, cancel) =>
    {
        await session.Client.Secrets.DeleteAsync(session.Get(Name)!, cancel);
        session.Screen.Line($"Deleted {session.Get(Name)}.");
    });
}
