using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset retention|prune|used-by|purge</c></summary>
internal static class RetentionCommands
{
    private static readonly Argument<string> Dataset = new("dataset") { Description = "Name or id of the dataset." };
    private static readonly Option<string?> Path = new("--path") { Description = "A file of the dataset." };
    private static readonly Option<string?> Source = new("--source") { Description = "What rows came from: its URI or digest." };
    private static readonly Option<string?> Version = new("--version", "-v") { Description = "A version: v3, a branch, a tag or sha256:..." };

    public static IEnumerable<Command> All() => [Retention(), Prune(), UsedBy(), Purge()];

    private static Command Retention()
    {
        var versions = new Option<int?>("--keep-versions") { Description = "How many of the newest versions stay." };
        var days = new Option<int?>("--keep-days") { Description = "For how many days every version stays." };
        return new Command("retention", "Say for how long versions stay. Without an option all stay for ever.") { Dataset, versions, days }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.Datasets.Retention.SetAsync(
                    session.Get(Dataset), new DatasetRetention { KeepVersions = session.Get(versions), KeepDays = session.Get(days) }, cancel),
                d => session.Screen.Line(d.Retention is { KeepVersions: null, KeepDays: null } or null
                    ? "All versions stay."
                    : "Set. 'odl dataset prune --dry-run' shows what goes; it is applied daily, and at once by 'odl dataset prune'.")));
    }

    private static Command Prune()
    {
        var dry = new Option<bool>("--dry-run") { Description = "Only show what would go." };
        return new Command("prune", "Let go of the versions that the retention does not keep.") { Dataset, dry }.Does(async (session, cancel) =>
            session.Screen.Show(await session.Client.Datasets.Retention.PruneAsync(session.Get(Dataset), session.Get(dry), cancel), report =>
            {
                session.Screen.Table(["version", "stays because"], report.Kept.Select(k => new[] { $"v{k.Version}", string.Join("; ", k.Reasons) }));
                session.Screen.Line(report.Expired.Count == 0
                    ? "No version goes."
                    : $"{(report.DryRun ? "Would go" : "Gone")}: {string.Join(", ", report.Expired.Select(v => $"v{v}"))}; {Format.Count(report.BlobsFreed)} blobs, {Format.Bytes(report.BytesFreed)}, free after the store's grace.");
            }));
    }

    private static Command UsedBy()
    {
        var row = new Option<long?>("--row") { Description = "A row's index in --version." };
        return new Command("used-by", "Which versions hold a file, a source or a row, and which runs, models and deployments used them.") { Dataset, Path, Source, row, Version }.Does(
            async (session, cancel) => session.Screen.Show(
                await session.Client.Datasets.Retention.UsageAsync(session.Get(Dataset), session.Get(Path), session.Get(Source), session.Get(row), session.Get(Version), cancel),
                usage =>
                {
                    session.Screen.Table(["version", "rows", "branches"], usage.Versions.Select(v => new[] { $"v{v.Version}", Format.Count(v.Rows), string.Join(',', v.Branches) }));
                    Users(session, usage.Users);
                }));
    }

    private static Command Purge()
    {
        var reason = new Option<string>("--reason") { Description = "Why; it is remembered.", Required = true };
        var force = new Option<bool>("--force") { Description = "Also when it is used; remembered with your name." };
        return new Command("purge", "Remove every version that holds a file or source, or one version, for ever and at once (administrators).") { Dataset, Path, Source, Version, reason, force }.Does(
            async (session, cancel) =>
            {
                var spec = new PurgeSpec { Path = session.Get(Path), Source = session.Get(Source), Version = session.Get(Version), Reason = session.Get(reason)!, Force = session.Get(force) };
                session.Screen.Show(await session.Client.Datasets.Retention.PurgeAsync(session.Get(Dataset), spec, cancel), report =>
                {
                    session.Screen.Line(report.Versions.Count == 0
                        ? "No version holds it."
                        : $"Purged {string.Join(", ", report.Versions.Select(v => $"v{v}"))}: {Format.Count(report.BlobsRemoved)} blobs, {Format.Bytes(report.BytesRemoved)} removed; {Format.Count(report.BlobsShared)} blobs stay because others need the same bytes.");
                    Users(session, report.Users);
                });
            });
    }

    private static void Users(Session session, IReadOnlyList<DatasetUser> users)
    {
        if (users.Count > 0)
        {
            session.Screen.Table(["user", "name", "version", "live"], users.Select(u => new[] { u.Kind, u.Title, $"v{u.Version}", u.Live ? "yes" : "no" }));
        }
    }
}
