using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Workflows;

/// <summary><c>odl workflow ...</c></summary>
internal static class WorkflowCommands
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    private static readonly Argument<string> Workflow = new("workflow") { Description = "Name or id of the workflow." };
    private static readonly Argument<string> Run = new("run") { Description = "Id of the workflow run." };
    private static readonly Argument<string> Definition = new("file") { Description = "The YAML file; '-' is standard input." };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };

    public static Command Create() => new("workflow", "What happens by itself: steps, triggers, criteria.")
    {
        Put(), Check(), List(), Show(), Enable(), Disable(), Start(), Runs(), RunOf(), Watch(), Journal(), Cancel(), Delete(),
    };

    private static Command Put() => new Command("put", "Store a workflow, or a new version of it.") { Definition }.Does(async (session, cancel) =>
        session.Screen.Show(
            await session.Client.Workflows.PutAsync(await Files.ReadTextAsync(session.Get(Definition), cancel), cancel),
            w => session.Screen.Line($"Workflow {w.Name} is at version {w.Version}, {Format.Digest(w.Digest)}.")));

    private static Command Check() => new Command("check", "Check a definition without storing it.") { Definition }.Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.Workflows.CheckAsync(await Files.ReadTextAsync(session.Get(Definition), cancel), cancel), c =>
        {
            session.Screen.Line($"Workflow {c.Name} is fine.");
            session.Screen.Table(["step", "uses", "waits for"], c.Steps.Select(s => new[] { s.Name, s.Uses, string.Join(", ", s.Needs) }));
        }));

    private static Command List() => new Command("list", "List workflows.") { Limit }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.Workflows.ListAsync(cancel),
            session.Get(Limit),
            ["name", "version", "enabled", "digest", "created"],
            w => [w.Name, $"{w.Version}", w.Enabled ? "yes" : "no", Format.Digest(w.Digest), Format.Time(w.CreatedAt)],
            cancel));

    private static Command Show() => new Command("show", "Print a workflow's definition.") { Workflow }.Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.Workflows.GetAsync(session.Get(Workflow), cancel), w => session.Screen.Line(w.Definition.TrimEnd())));

    private static Command Enable() => Switch("enable", "Let triggers start runs.", true);

    private static Command Disable() => Switch("disable", "Keep triggers from starting runs.", false);

    private static Command Start()
    {
        var input = new Option<string[]>("--input") { Description = "NAME=VALUE; may be repeated.", DefaultValueFactory = _ => [] };
        var wait = new Option<bool>("--wait") { Description = "Watch it to its end." };
        return new Command("run", "Start a run by hand.") { Workflow, input, wait }.Does(async (session, cancel) =>
        {
            var inputs = WorkflowInputs.Parse(session.Get(input)!);
            var run = await session.Client.Workflows.StartAsync(session.Get(Workflow), inputs, cancel);
            if (session.Get(wait))
            {
                return await WatchAsync(session, run.Id.ToString(), cancel);
            }

            session.Screen.Show(run, r => session.Screen.Line($"Started workflow run {r.Id}. 'odl workflow watch {r.Id}' follows it."));
            return 0;
        });
    }

    private static Command Runs()
    {
        var workflow = new Argument<string?>("workflow") { Description = "Only runs of this workflow.", Arity = ArgumentArity.ZeroOrOne };
        return new Command("runs", "List runs, newest first.") { workflow, Limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.Workflows.ListRunsAsync(session.Get(workflow), cancel),
                session.Get(Limit),
                ["id", "workflow", "status", "trigger", "steps", "created", "reason"],
                r =>
                [
                    r.Id.ToString(), $"{r.WorkflowName} v{r.WorkflowVersion}", Format.Of(r.Status), r.Trigger,
                    string.Join(' ', r.Steps.Select(s => $"{s.Name}:{Format.Of(s.Status)}")), Format.Time(r.CreatedAt), r.Reason,
                ],
                cancel));
    }

    private static Command RunOf() => new Command("show-run", "Show one run: steps, criteria, values.") { Run }.Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.Workflows.GetRunAsync(session.Get(Run), cancel), r => WorkflowRunView.Print(session.Screen, r)));

    private static Command Watch()
    {
        var which = new Argument<string>("run") { Description = "Id of a run, or a workflow for its newest run, which may be about to begin." };
        return new Command("watch", "Follow a run to its end.") { which }.Does(async (session, cancel) =>
            await WatchAsync(session, Guid.TryParse(session.Get(which), out _) ? session.Get(which) : await NewestRunAsync(session, session.Get(which), cancel), cancel));
    }

    private static Command Journal() => new Command("journal", "Print a run's journal.") { Run }.Does(async (session, cancel) =>
    {
        await foreach (var entry in session.Client.Workflows.ReadJournalAsync(session.Get(Run), cancel))
        {
            session.Screen.Show(entry, e => session.Screen.Line($"{e.Sequence,4}  {Format.Time(e.Time)}  {e.Type,-16} {e.Step,-12} {e.Data}"));
        }
    });

    private static Command Cancel() => new Command("cancel", "Cancel a run.") { Run }.Does(async (session, cancel) =>
        session.Screen.Show(
            await session.Client.Workflows.CancelRunAsync(session.Get(Run), cancel),
            r => session.Screen.Line($"Workflow run {r.Id} is {Format.Of(r.Status)}.")));

    private static Command Delete() => new Command("delete", "Delete a workflow.") { Workflow }.Does(async (session, cancel) =>
    {
        await session.Client.Workflows.DeleteAsync(session.Get(Workflow), cancel);
        session.Screen.Line($"Deleted workflow {session.Get(Workflow)}.");
    });

    private static Command Switch(string name, string description, bool enabled) => new Command(name, description) { Workflow }.Does(async (session, cancel) =>
        session.Screen.Show(
            await session.Client.Workflows.EnableAsync(session.Get(Workflow), enabled, cancel),
            w => session.Screen.Line($"Workflow {w.Name} is {(w.Enabled ? "enabled" : "disabled")}.")));

    private static async Task<string> NewestRunAsync(Session session, string workflow, CancellationToken cancellationToken)
    {
        while (true)
        {
            await foreach (var run in session.Client.Workflows.ListRunsAsync(workflow, cancellationToken))
            {
                return run.Id.ToString();
            }

            session.Screen.Progress($"waiting for a run of {workflow}");
            await Task.Delay(Glance, session.Time, cancellationToken);
        }
    }

    private static async Task<int> WatchAsync(Session session, string run, CancellationToken cancellationToken)
    {
        var ended = await session.Client.Workflows.WaitAsync(run, new WorkflowWatch(session.Screen), cancellationToken);
        session.Screen.Show(ended, r => WorkflowRunView.Print(session.Screen, r));
        return ended.Status is WorkflowRunStatus.Succeeded ? 0 : 1;
    }
}
