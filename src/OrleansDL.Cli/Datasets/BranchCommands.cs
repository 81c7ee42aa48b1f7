using System.CommandLine;
using System.Globalization;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset branch|branches|merge|revert|log|tags|untag</c></summary>
internal static class BranchCommands
{
    private static readonly Argument<string> Dataset = new("dataset") { Description = "Name or id of the dataset." };
    private static readonly Argument<string> Branch = new("branch") { Description = "The branch." };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
    private static readonly Option<string?> Message = new("--message", "-m") { Description = "Message of the commit. Default: one is made." };
    private static readonly Option<string> Into = new("--into") { Description = "The branch to commit on.", DefaultValueFactory = _ => "main" };

    private static readonly Option<MergeStrategy> Strategy = new("--strategy")
    {
        Description = "What wins where both sides changed a file: ours (the branch), theirs (what is merged). Default: refuse and report.",
        DefaultValueFactory = _ => MergeStrategy.Refuse,
    };

    public static IEnumerable<Command> All() => [Branches(), Make(), Log(), Merge(), Revert(), Tags(), Untag()];

    private static Command Branches() => new Command("branches", "List branches.") { Dataset, Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Datasets.Branches.ListAsync(session.Get(Dataset), cancel),
            session.Get(Limit),
            ["branch", "version", "head", "moved"],
            b => [b.Name, $"v{b.Version}", Format.Digest(b.Head), Format.Time(b.MovedAt)],
            cancel));

    private static Command Make()
    {
        var from = new Option<string>("--from") { Description = "Where it begins: a branch, a tag, v3 or sha256:...", DefaultValueFactory = _ => "latest" };
        var move = new Option<string?>("--move-to") { Description = "Move the branch to this version instead of making it." };
        var delete = new Option<bool>("--delete") { Description = "Delete the branch's name; its commits stay versions." };
        return new Command("branch", "Make a branch (nothing is copied), or move or delete one.") { Dataset, Branch, from, move, delete }.Does(async (session, cancel) =>
        {
            var (branches, dataset, name) = (session.Client.Datasets.Branches, session.Get(Dataset), session.Get(Branch));
            if (session.Get(delete))
            {
                await branches.DeleteAsync(dataset, name, null, cancel);
                session.Screen.Line($"Deleted branch {name}.");
                return;
            }

            var branch = session.Get(move) is { } to
                ? await branches.MoveAsync(dataset, name, to, (await branches.GetAsync(dataset, name, cancel)).Head, cancel)
                : await branches.CreateAsync(dataset, name, session.Get(from)!, cancel);
            session.Screen.Show(branch, b => session.Screen.Line($"Branch {b.Name} is at v{b.Version}, commit {Format.Digest(b.Head)}."));
        });
    }

    private static Command Log()
    {
        var from = new Option<string?>("--from") { Description = "Where to begin: a branch, a tag, v3 or sha256:... Default: what stands behind the @, or latest." };
        return new Command("log", "A version and all it was made from, newest first.") { VersionArgument.Dataset, from, Limit }.Does((session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session, from);
            return session.Screen.ListAsync(
                session.Client.Datasets.Branches.LogAsync(dataset, version, cancel),
                session.Get(Limit),
                ["version", "commit", "parents", "branch", "rows", "added", "time", "tags", "message"],
                v =>
                [
                    $"v{v.Version}", Format.Digest(v.Commit), string.Join(',', (v.Parents ?? []).Select(p => Format.Digest(p))), v.Branch, Format.Count(v.Rows),
                    v.RowsAdded.ToString("+0;-0;0", CultureInfo.InvariantCulture), Format.Time(v.CommittedAt), string.Join(',', v.Tags),
                    v.Gone is null ? v.Message : $"{v.Message} ({v.Gone})",
                ],
                cancel);
        });
    }

    private static Command Merge()
    {
        var source = new Argument<string>("source") { Description = "What to merge: a branch, a tag, v3 or sha256:..." };
        return new Command("merge", "Merge a version into a branch.") { Dataset, source, Into, Message, Strategy }.Does(async (session, cancel) =>
            Show(session, await session.Client.Datasets.Branches.MergeAsync(
                session.Get(Dataset), session.Get(Into)!, new MergeSpec { Source = session.Get(source), Message = session.Get(Message), Strategy = session.Get(Strategy) }, cancel)));
    }

    private static Command Revert()
    {
        var version = new Argument<string>("version") { Description = "The version to undo: v3, a tag or sha256:..." };
        return new Command("revert", "Commit the opposite of what a version changed.") { Dataset, version, Into, Message, Strategy }.Does(async (session, cancel) =>
            Show(session, await session.Client.Datasets.Branches.RevertAsync(
                session.Get(Dataset), session.Get(Into)!, new RevertSpec { Version = session.Get(version), Message = session.Get(Message), Strategy = session.Get(Strategy) }, cancel)));
    }

    private static Command Tags() => new Command("tags", "List tags.") { Dataset, Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Datasets.Branches.ListTagsAsync(session.Get(Dataset), cancel),
            session.Get(Limit),
            ["tag", "newest", "versions"],
            t => [t.Name, $"v{t.Version}", Format.Count(t.Versions)],
            cancel));

    private static Command Untag()
    {
        var tag = new Argument<string>("tag") { Description = "The tag." };
        var version = new Option<string?>("--version", "-v") { Description = "Take it off this version only." };
        return new Command("untag", "Take a tag off all versions, or off one.") { Dataset, tag, version }.Does(async (session, cancel) =>
        {
            await session.Client.Datasets.Branches.UntagAsync(session.Get(Dataset), session.Get(tag), session.Get(version), cancel);
            session.Screen.Line($"Took tag {session.Get(tag)} off.");
        });
    }

    private static void Show(Session session, MergeResult result)
    {
        session.Screen.Show(result, r =>
        {
            session.Screen.Line(r.Outcome switch
            {
                MergeOutcome.UpToDate => $"Nothing to do: the branch is at v{r.Head.Version}.",
                MergeOutcome.FastForward => $"The branch was moved ahead to v{r.Head.Version}.",
                MergeOutcome.Merged => $"{r.Head.DatasetName} v{r.Head.Version}: {Format.Count(r.Head.Rows)} rows in {Format.Count(r.Head.Files)} files, commit {Format.Digest(r.Head.Commit)}.",
                _ => $"{Format.Count(r.ConflictCount)} files were changed on both sides; nothing was merged.",
            });
            if (r.Conflicts.Count > 0)
            {
                session.Screen.Table(["path", "base", "ours", "theirs"], r.Conflicts.Select(c => new[] { c.Path, Blob(c.Base), Blob(c.Ours), Blob(c.Theirs) }));
            }
        });
        if (result.Outcome is MergeOutcome.Conflicts)
        {
            throw new ConflictException("Not merged. Repeat with --strategy ours or theirs, or bring the files into agreement on one side first.");
        }
    }

    private static string Blob(DatasetEntry? entry) => entry is null ? "-" : Format.Digest(entry.Blob);
}
