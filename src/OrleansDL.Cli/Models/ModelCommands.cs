using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Models;

/// <summary><c>odl model ...</c></summary>
internal static class ModelCommands
{
    private static readonly Argument<string> Model = new("model") { Description = "Name or id of the model." };
    private static readonly Option<string> Version = new("--version", "-v")
    {
        Description = "Which version: a number, an alias, or latest.",
        DefaultValueFactory = _ => "latest",
    };

    private static readonly Option<int> Limit = new("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };

    public static Command Create() => new("model", "Registered models: versions, aliases, files.")
    {
        List(), Show(), Versions(), Alias(), Download(), Rename(), Delete(),
    };

    private static Command List() => new Command("list", "List models.") { Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Models.ListAsync(cancel),
            session.Get(Limit),
            ["name", "version", "aliases", "created", "description"],
            m => [m.Name, $"{m.LatestVersion}", Aliases(m), Format.Time(m.CreatedAt), m.Description],
            cancel));

    private static Command Show() => new Command("show", "Show one version: metrics, data, files.") { Model, Version }.Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.Models.GetVersionAsync(session.Get(Model), session.Get(Version)!, cancel), v =>
        {
            session.Screen.Facts(
                ("model", $"{v.ModelName}@{v.Version}"),
                ("run", v.Run?.ToString()),
                ("dataset", v.DatasetName is null ? null : $"{v.DatasetName}@v{v.DatasetVersion} {Format.Digest(v.DatasetCommit)}"),
                ("created", Format.Time(v.CreatedAt)),
                ("metrics", Headlines.Of(v.Metrics)),
                ("parameters", Join(v.Parameters.Select(p => (p.Key, p.Value)))));
            foreach (var (name, file) in v.Artifact.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                session.Screen.Line($"file        {name}, {Format.Bytes(file.Bytes)}, {Format.Digest(file.Blob)}");
            }
        }));

    private static Command Versions() => new Command("versions", "List versions, newest first.") { Model, Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Models.ListVersionsAsync(session.Get(Model), cancel),
            session.Get(Limit),
            ["version", "dataset", "created", "run", "validation accuracy"],
            v => [$"{v.Version}", v.DatasetName is null ? "-" : $"{v.DatasetName}@v{v.DatasetVersion}", Format.Time(v.CreatedAt), v.Run?.ToString(), v.Metrics.TryGetValue("validation.accuracy", out var accuracy) ? Format.Share(accuracy) : "-"],
            cancel));

    private static Command Alias()
    {
        var alias = new Argument<string>("alias") { Description = "For example production." };
        var version = new Argument<long?>("version") { Description = "The version it names.", Arity = ArgumentArity.ZeroOrOne };
        var remove = new Option<bool>("--remove") { Description = "Take the alias away." };
        return new Command("alias", "Point an alias at a version.") { Model, alias, version, remove }.Does(async (session, cancel) =>
        {
            if (session.Get(remove))
            {
                await session.Client.Models.RemoveAliasAsync(session.Get(Model), session.Get(alias), cancel);
                session.Screen.Line($"{session.Get(Model)} has no alias {session.Get(alias)} any more.");
                return;
            }

            var number = session.Get(version) ?? throw new InvalidException("Say which version the alias names, or --remove.");
            session.Screen.Show(
                await session.Client.Models.SetAliasAsync(session.Get(Model), session.Get(alias), number, cancel),
                m => session.Screen.Line($"{m.Name}: {Aliases(m)}"));
        });
    }

    private static Command Download()
    {
        var file = new Option<string>("--file") { Description = "Which file of the artifact.", DefaultValueFactory = _ => "model.onnx" };
        var output = new Option<string?>("--output", "-o") { Description = "Where to; '-' is standard output. Default: the file's name here." };
        return new Command("download", "Download one file of a version.") { Model, Version, file, output }.Does(async (session, cancel) =>
        {
            await using var content = await session.Client.Models.DownloadAsync(session.Get(Model), session.Get(Version)!, session.Get(file)!, cancel);
            await Files.SaveAsync(content, session.Get(output) ?? Path.GetFileName(session.Get(file)!), session.Screen, cancel);
        });
    }

    private static Command Rename()
    {
        var name = new Argument<string>("name") { Description = "The new name." };
        return new Command("rename", "Give a model another name.") { Model, name }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.Models.RenameAsync(session.Get(Model), session.Get(name), null, cancel),
                m => session.Screen.Line($"It is called {m.Name} now.")));
    }

    private static Command Delete() => new Command("delete", "Delete a model that no deployment serves.") { Model }.Does(async (session, cancel) =>
    {
        await session.Client.Models.DeleteAsync(session.Get(Model), null, cancel);
        session.Screen.Line($"Deleted model {session.Get(Model)}.");
    });

    private static string? Aliases(Model model) => Join(model.Aliases.Select(a => (a.Key, $"{a.Value}")));

    private static string? Join(IEnumerable<(string Name, string Value)> pairs)
    {
        var text = string.Join(", ", pairs.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{p.Name} {p.Value}"));
        return text.Length == 0 ? null : text;
    }
}
