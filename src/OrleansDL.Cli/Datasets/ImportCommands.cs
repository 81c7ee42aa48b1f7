using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset import</c>, <c>imports</c> and <c>verify-sources</c></summary>
internal static class ImportCommands
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(500);
    private static readonly Argument<string> Dataset = new("dataset") { Description = "Name or id of the dataset." };

    public static Command Import()
    {
        var source = new Argument<string>("source") { Description = "https://host/file, s3://bucket/key, or s3://bucket/prefix/ for everything below it." };
        var message = new Option<string?>("--message", "-m") { Description = "What changed." };
        var tags = new Option<string[]>("--tag") { Description = "Tag of the new version; may be repeated.", DefaultValueFactory = _ => [] };
        var branch = new Option<string>("--branch", "-b") { Description = "Branch to commit to.", DefaultValueFactory = _ => "main" };
        var format = new Option<string?>("--format") { Description = "How to read the files. Default: by their names." };
        var types = new Option<string?>("--types") { Description = "Types of columns in place of those found, as zip=string,topics=labels." };
        var path = new Option<string?>("--path") { Description = "Path within the dataset. Default: as at the source." };
        var split = new Option<string?>("--split") { Description = "The split these files belong to." };
        var replace = new Option<bool>("--replace") { Description = "The new version holds only this, not the old files too." };
        var detach = new Option<bool>("--detach") { Description = "Start it and do not wait." };
        return new Command("import", "Let the server fetch files from a web server or an S3 bucket.")
        {
            Dataset, source, message, tags, branch, format, types, path, split, replace, detach,
        }.Does(async (session, cancel) =>
        {
            var imports = session.Client.Datasets.Imports;
            var spec = new ImportSpec
            {
                Source = session.Get(source),
                Message = session.Get(message),
                Tags = session.Get(tags)!,
                Branch = session.Get(branch)!,
                Format = session.Get(format),
                Types = session.Get(types),
                Path = session.Get(path),
                Split = session.Get(split),
                Replace = session.Get(replace),
            };
            var import = await imports.StartAsync(session.Get(Dataset), spec, cancel);
            while (import.Status is ImportStatus.Running && !session.Get(detach))
            {
                session.Screen.Progress($"{Format.Count(import.ObjectsDone)} of {Format.Count(import.Objects)} objects, {Format.Bytes(import.BytesDone)} of {Format.Bytes(import.Bytes)}");
                await Task.Delay(Often, session.Time, cancel);
                import = await imports.GetAsync(session.Get(Dataset), import.Id, cancel);
            }

            session.Screen.Show(import, i => session.Screen.Line(i.Status switch
            {
                ImportStatus.Completed => $"Imported {Format.Count(i.Objects)} objects, {Format.Bytes(i.BytesDone)}: {session.Get(Dataset)} v{i.Version}.",
                ImportStatus.Running => $"Import {i.Id} runs. 'odl dataset imports {session.Get(Dataset)}' shows how far it is.",
                ImportStatus.Cancelled => $"Import {i.Id} was cancelled.",
                _ => $"Import {i.Id} failed: {i.Error}",
            }));
            return import.Status is ImportStatus.Completed or ImportStatus.Running ? 0 : 1;
        });
    }

    public static Command Imports()
    {
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 20 };
        var cancelled = new Option<Guid?>("--cancel") { Description = "Cancels this import." };
        return new Command("imports", "List imports, newest first, or cancel one.") { Dataset, limit, cancelled }.Does(async (session, cancel) =>
        {
            if (session.Get(cancelled) is { } id)
            {
                session.Screen.Show(await session.Client.Datasets.Imports.CancelAsync(session.Get(Dataset), id, cancel), i => session.Screen.Line($"Import {i.Id} is {Format.Of(i.Status)}."));
                return;
            }

            await session.Screen.ListAsync(
                session.Client.Datasets.Imports.ListAsync(session.Get(Dataset), cancel),
                session.Get(limit),
                ["id", "status", "objects", "size", "version", "begun", "source", "error"],
                i =>
                [
                    i.Id.ToString(), Format.Of(i.Status), $"{Format.Count(i.ObjectsDone)} of {Format.Count(i.Objects)}", Format.Bytes(i.BytesDone), i.Version is null ? "-" : $"v{i.Version}",
                    Format.Time(i.CreatedAt), i.Spec.Source, i.Error,
                ],
                cancel);
        });
    }

    public static Command CheckSources() =>
        new Command("verify-sources", "Ask the sources a version was imported from whether they are still what was fetched.") { VersionArgument.Dataset, VersionArgument.Version }.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            session.Screen.Show(
                await session.Client.Datasets.Imports.CheckSourcesAsync(dataset, version, cancel),
                checks => session.Screen.Table(["state", "source", "fetched", "detail"], checks.Select(c => new[] { c.State, c.Uri, Format.Time(c.FetchedAt), c.Detail })));
        });
}
