using System.CommandLine;
using System.Globalization;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset ...</c></summary>
internal static class DatasetCommands
{
    private static readonly Argument<string> Dataset = new("dataset") { Description = "Name or id of the dataset." };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };

    public static Command Create()
    {
        var dataset = new Command("dataset", "Versioned data: create, push, look at, download.")
        {
            CreateDataset(), List(), Show(), PushCommand.Create(), Versions(), RowCommands.Rows(), ValidationCommands.Statistics(), ValidationCommands.Validate(), ValidationCommands.Policy(),
            FilesOf(), Diff(), Download(), RowCommands.Export(), ShardsCommand.Create(), SelectCommand.Create(), LabelsCommand.Create(), Rename(), Tag(), Delete(),
            ImportCommands.Import(), ImportCommands.Imports(), ImportCommands.CheckSources(),
        };
        foreach (var command in BranchCommands.All().Concat(RetentionCommands.All()))
        {
            dataset.Add(command);
        }

        return dataset;
    }

    private static Command CreateDataset()
    {
        var name = new Argument<string>("name") { Description = "Name of the new dataset." };
        var kind = new Option<DatasetKind>("--kind") { Description = "What it holds: table, image, text or files.", DefaultValueFactory = _ => DatasetKind.Table };
        var description = new Option<string?>("--description") { Description = "What it is, in your words." };
        return new Command("create", "Make a dataset.") { name, kind, description }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.Datasets.CreateAsync(
                    new DatasetSpec { Name = session.Get(name), Kind = session.Get(kind), Description = session.Get(description) }, cancel),
                d => session.Screen.Line($"Created dataset {d.Name}. 'odl dataset push {d.Name} FILE' gives it its first version.")));
    }

    private static Command List() => new Command("list", "List datasets.") { Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Datasets.ListAsync(cancel),
            session.Get(Limit),
            ["name", "kind", "version", "created", "description"],
            d => [d.Name, Format.Of(d.Kind), d.LatestVersion == 0 ? "-" : $"v{d.LatestVersion}", Format.Time(d.CreatedAt), d.Description],
            cancel));

    private static Command Show() => new Command("show", "Show one version: size, schema, sources.") { VersionArgument.Dataset, VersionArgument.Version }.Does(async (session, cancel) =>
    {
        var (name, version) = VersionArgument.Of(session);
        var dataset = await session.Client.Datasets.GetAsync(name, cancel);
        if (dataset.LatestVersion == 0)
        {
            session.Screen.Show(dataset, d => session.Screen.Line($"{d.Name} ({Format.Of(d.Kind)}) has no version yet. 'odl dataset push {d.Name} FILE' makes one."));
            return;
        }

        session.Screen.Show(await session.Client.Datasets.GetVersionAsync(name, version, cancel), v => Print(session.Screen, v));
    });

    private static Command Versions() => new Command("versions", "List versions, newest first.") { Dataset, Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Datasets.ListVersionsAsync(session.Get(Dataset), cancel),
            session.Get(Limit),
            ["version", "rows", "added", "size", "commit", "time", "tags", "message"],
            v =>
            [
                $"v{v.Version}", Format.Count(v.Rows), v.RowsAdded.ToString("+0;-0;0", CultureInfo.InvariantCulture), Format.Bytes(v.Bytes), Format.Digest(v.Commit),
                Format.Time(v.CommittedAt), string.Join(',', v.Tags), v.Message,
            ],
            cancel));

    private static Command FilesOf() => new Command("files", "List the files of a version.") { VersionArgument.Dataset, VersionArgument.Version, Limit }.Does((session, cancel) =>
    {
        var (dataset, version) = VersionArgument.Of(session);
        return session.Screen.ListAsync(
            session.Client.Datasets.ListFilesAsync(dataset, version, cancel),
            session.Get(Limit),
            ["path", "format", "rows", "size", "blob"],
            f => [f.Path, f.Format, Format.Count(f.Rows), Format.Bytes(f.Bytes), Format.Digest(f.Blob)],
            cancel);
    });

    private static Command Diff()
    {
        var from = new Argument<string>("from") { Description = "Older version, for example v1." };
        var to = new Argument<string>("to") { Description = "Newer version, for example v2." };
        var since = new Option<bool>("--since-base") { Description = "Only what the newer one changed since both were the same." };
        return new Command("diff", "What differs between two versions.") { Dataset, from, to, since }.Does(async (session, cancel) =>
            session.Screen.Show(await (session.Get(since)
                ? session.Client.Datasets.DiffSinceBaseAsync(session.Get(Dataset), session.Get(from), session.Get(to), cancel)
                : session.Client.Datasets.DiffAsync(session.Get(Dataset), session.Get(from), session.Get(to), cancel)), d =>
            {
                session.Screen.Line($"v{d.From} -> v{d.To}: +{Format.Count(d.RowsAdded)} -{Format.Count(d.RowsRemoved)} rows, +{Format.Bytes(d.BytesAdded)} -{Format.Bytes(d.BytesRemoved)}");
                session.Screen.Table(
                    ["", "path", "rows", "size"],
                    d.Added.Select(e => Row("+", e)).Concat(d.Removed.Select(e => Row("-", e))).Concat(d.Changed.Select(e => Row("~", e))));
                foreach (var column in d.Columns ?? [])
                {
                    session.Screen.Line($"column {column.Name}: {TypeOf(column.Old)} -> {TypeOf(column.New)}");
                }

                foreach (var column in d.Statistics ?? [])
                {
                    session.Screen.Line($"values of {column.Name}: {Format.Count(column.Old.Count)} -> {Format.Count(column.New.Count)}, mean {Number(column.Old.Mean)} -> {Number(column.New.Mean)}, nulls {Format.Count(column.Old.Nulls)} -> {Format.Count(column.New.Nulls)}");
                }
            }));
    }

    private static Command Download()
    {
        var path = new Option<string?>("--path") { Description = "One file of the version. Default: a tar of all." };
        var output = new Option<string?>("--output", "-o") { Description = "Where to; '-' is standard output. Default: the file's name here." };
        return new Command("download", "Download the bytes as they were uploaded.") { VersionArgument.Dataset, VersionArgument.Version, path, output }.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            var target = session.Get(output) ?? (session.Get(path) is { } file ? Path.GetFileName(file) : $"{dataset}.tar");
            await using var content = await session.Client.Datasets.DownloadAsync(dataset, version, session.Get(path), cancel);
            await Files.SaveAsync(content, target, session.Screen, cancel);
        });
    }

    private static Command Rename()
    {
        var name = new Argument<string>("name") { Description = "The new name." };
        return new Command("rename", "Give a dataset another name.") { Dataset, name }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.Datasets.RenameAsync(session.Get(Dataset), session.Get(name), null, cancel),
                d => session.Screen.Line($"It is called {d.Name} now.")));
    }

    private static Command Tag()
    {
        var tag = new Argument<string>("tag") { Description = "The tag. Several versions may carry one; as a reference it names the newest." };
        var move = new Option<bool>("--move") { Description = "Take it off the versions that have it." };
        return new Command("tag", "Tag a version.") { VersionArgument.Dataset, tag, VersionArgument.Version, move }.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            session.Screen.Show(
                session.Get(move)
                    ? await session.Client.Datasets.Branches.MoveTagAsync(dataset, session.Get(tag), version, cancel)
                    : await session.Client.Datasets.TagAsync(dataset, version, session.Get(tag), cancel),
                v => session.Screen.Line($"{v.DatasetName} v{v.Version} is tagged {string.Join(", ", v.Tags)}."));
        });
    }

    private static Command Delete() => new Command("delete", "Delete a dataset with all versions.") { Dataset }.Does(async (session, cancel) =>
    {
        await session.Client.Datasets.DeleteAsync(session.Get(Dataset), null, cancel);
        session.Screen.Line($"Deleted dataset {session.Get(Dataset)}.");
    });

    private static void Print(Screen screen, DatasetVersion version)
    {
        screen.Facts(
            ("dataset", $"{version.DatasetName} v{version.Version} ({Format.Of(version.Kind)})"),
            ("message", version.Message),
            ("tags", version.Tags.Count == 0 ? null : string.Join(", ", version.Tags)),
            ("rows", $"{Format.Count(version.Rows)} ({version.RowsAdded.ToString("+0;-0;0", CultureInfo.InvariantCulture)})"),
            ("size", $"{Format.Bytes(version.Bytes)} in {Format.Count(version.Files)} files"),
            ("committed", Format.Time(version.CommittedAt)),
            ("commit", version.Commit.ToString()),
            ("content", version.Content.ToString()),
            ("columns", version.Schema.Count <= 12
                ? string.Join(", ", version.Schema.Select(c => $"{c.Name} {TypeOf(c with { Nullable = false })}"))
                : $"{version.Schema.Count}, {version.Schema[0].Name} {Format.Of(version.Schema[0].Type)} ... {version.Schema[^1].Name} {Format.Of(version.Schema[^1].Type)}"));
        if (version.Validation is { } validation)
        {
            ValidationCommands.Print(screen, validation);
        }

        foreach (var source in version.Sources)
        {
            screen.Line($"source    {source.Uri}: rows {Format.Count(source.FirstRow)} to {Format.Count(source.FirstRow + source.Rows - 1)}, {Format.Bytes(source.Bytes)}, {Format.Digest(source.Sha256)}");
        }
    }

    private static string TypeOf(Column? column) => column is null ? "none" : (column.Separator is null ? Format.Of(column.Type) : "labels") + (column.Nullable ? "?" : "");

    private static string?[] Row(string sign, DatasetEntry entry) => [sign, entry.Path, Format.Count(entry.Rows), Format.Bytes(entry.Bytes)];

    private static string Number(double? value) => value is null ? "-" : Format.Number(value.Value);
}
