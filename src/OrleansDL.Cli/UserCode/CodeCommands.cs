using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.UserCode;

/// <summary><c>odl code ...</c></summary>
internal static class CodeCommands
{
    private static readonly Argument<string> Code = new("code") { Description = "Name or id of the code." };
    private static readonly Option<string> Version = new("--version", "-v")
    {
        Description = "Which version: a number, a digest (sha256:...), or latest.",
        DefaultValueFactory = _ => "latest",
    };

    private static readonly Option<int> Limit = new("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };

    public static Command Create() => new("code", "Code of yours that runs execute: push, list, download.")
    {
        Push(), List(), Show(), Versions(), Download(), Delete(),
    };

    private static Command Push()
    {
        var path = new Argument<string>("path") { Description = "A folder, or a zip, tar or tar.gz file." };
        var name = new Option<string?>("--name") { Description = "Name of the code. Default: the folder's or file's." };
        return new Command("push", "Make a version of a folder. The same files again are the version they were.") { path, name }.Does(async (session, cancel) =>
        {
            var source = Path.GetFullPath(session.Get(path)!);
            var code = session.Get(name) ?? Path.GetFileName(source).Split('.')[0];
            CodeVersion version;
            if (Directory.Exists(source))
            {
                version = await session.Client.Code.PushFolderAsync(code, source, cancel);
            }
            else
            {
                await using var archive = File.OpenRead(Files.Existing(source));
                version = await session.Client.Code.PushAsync(code, archive, cancel);
            }

            session.Screen.Show(version, v => session.Screen.Line($"{v.CodeName}@{v.Version} {v.Digest}: {v.Files} files, {Format.Bytes(v.Bytes)}."));
        });
    }

    private static Command List() => new Command("list", "List code.") { Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Code.ListAsync(cancel), session.Get(Limit), ["name", "version", "created"], c => [c.Name, $"{c.LatestVersion}", Format.Time(c.CreatedAt)], cancel));

    private static Command Show() => new Command("show", "Show one version and its files.") { Code, Version }.Does(async (session, cancel) =>
    {
        var version = await session.Client.Code.GetVersionAsync(session.Get(Code)!, session.Get(Version)!, cancel);
        var files = await session.Client.Code.ListFilesAsync(session.Get(Code)!, session.Get(Version)!, cancel);
        session.Screen.Show(new { version, files }, _ =>
        {
            session.Screen.Facts(("code", $"{version.CodeName}@{version.Version}"), ("digest", version.Digest.ToString()), ("created", Format.Time(version.CreatedAt)));
            foreach (var file in files)
            {
                session.Screen.Line($"{(file.Executable ? 'x' : '-')} {file.Path}, {Format.Bytes(file.Bytes)}");
            }
        });
    });

    private static Command Versions() => new Command("versions", "List versions, newest first.") { Code, Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Code.ListVersionsAsync(session.Get(Code)!, cancel), session.Get(Limit), ["version", "digest", "files", "bytes", "created"],
            v => [$"{v.Version}", v.Digest.ToString(), $"{v.Files}", Format.Bytes(v.Bytes), Format.Time(v.CreatedAt)], cancel));

    private static Command Download()
    {
        var output = new Option<string?>("--output", "-o") { Description = "The tar file to write; '-' is standard output." };
        return new Command("download", "Download a version's files as a tar file.") { Code, Version, output }.Does(async (session, cancel) =>
        {
            await using var content = await session.Client.Code.DownloadAsync(session.Get(Code)!, session.Get(Version)!, cancel);
            await Files.SaveAsync(content, session.Get(output) ?? $"{session.Get(Code)}.tar", session.Screen, cancel);
        });
    }

    private static Command Delete() => new Command("delete", "Delete code with all its versions.") { Code }.Does(async (session, cancel) =>
    {
        await session.Client.Code.DeleteAsync(session.Get(Code)!, cancel);
        session.Screen.Line($"Deleted {session.Get(Code)}.");
    });
}
