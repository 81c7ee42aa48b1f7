using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansDL.Events;
using OrleansDL.Projects;
using OrleansDL.Timing;
using OrleansDL.Workflows.Running;

namespace OrleansDL.Workflows;

/// <summary>Its journal is its state. Every transition is one entry, written before anything is done about it; whatever is done
/// can be done again. So a run goes on from its last entry wherever it was interrupted.</summary>
[GrainType("workflow-run")]
internal sealed partial class WorkflowRunGrain(
    WorkflowTables tables, StepRunner steps, WakeUps wakeUps, EventLog events, NameTable names, TimeProvider time,
    ILogger<WorkflowRunGrain> logger) : Grain, IWorkflowRunGrain
{
    // Events wake the run at once. This is for the case that one was lost with its teller.
    private static readonly TimeSpan SafetyLook = TimeSpan.FromSeconds(30);
    private const int JournalPage = 1000;

    private RunHistory? _history;
    private List<(string Project, string Type, Guid? Subject)> _triggers = [];

    private Guid Id => this.GetPrimaryKey();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var entries = new List<JournalEntry>();
        IReadOnlyList<JournalEntry> page;
        do
        {
            page = await tables.ReadJournalAsync(Id, entries.Count, JournalPage);
            entries.AddRange(page);
        }
        while (page.Count == JournalPage);

        if (entries.Count > 0)
        {
            _history = RunHistory.Of(Id, entries);
        }
    }

    public async Task<WorkflowRun> StartAsync(WorkflowRunSpec spec)
    {
        if (_history is { } known)
        {
            return known.ToRun();
        }

        await wakeUps.ArmAsync(this);
        await names.ClaimAsync(spec.Project, ThingKind.WorkflowRun, $"{spec.WorkflowName}-{Id:N}", Id);
        await AppendAsync(JournalTypes.RunStarted, null, spec);
        LogStarted(Id, spec.WorkflowName, spec.Version, spec.Trigger);
        return _history!.ToRun();
    }

    public Task<WorkflowRun> GetAsync() => Task.FromResult(History.ToRun());

    public async Task<WorkflowRun> CancelAsync()
    {
        if (History.Finished is null && History.Cancel is null)
        {
            await wakeUps.ArmAsync(this);
            await AppendAsync(JournalTypes.CancelRequested, null, new CancelRequested("Cancelled.", Deadline: false));
        }

        return History.ToRun();
    }

    /// <summary>Goes on until nothing is left that can be decided now.</summary>
    public async Task WakeAsync(string name, string? payload)
    {
        if (_history is null)
        {
            // The node died between the name and the first entry: nothing has begun. Who asked for the run asks again.
            await names.ReleaseAsync(ThingKind.WorkflowRun, Id);
            return;
        }

        while (History.Finished is null && await AdvanceAsync())
        {
        }

        if (History.Finished is { } finished)
        {
            await EndAsync(finished);
            return;
        }

        var now = time.GetUtcNow();
        var look = History.Order.Select(step => StepRunner.NextLook(History, step))
            .Append(History.Cancel is null ? Deadline : null)
            .Select(at => at - now)
            .Append(SafetyLook)
            .Min()!.Value;
        await wakeUps.ArmAsync(this, WakeUps.Act, look > TimeSpan.FromMilliseconds(10) ? look : TimeSpan.FromMilliseconds(10));
    }

    private RunHistory History => _history
        ?? throw new NotFoundException($"There is no workflow run {Id}. GET /v1/projects/{{project}}/workflow-runs lists them.");

    private DateTimeOffset? Deadline => History.StartedAt + History.Definition.Deadline;

    /// <returns>Whether the journal grew.</returns>
    private async Task<bool> AdvanceAsync()
    {
        var before = History.Sequence;
        if (History.Cancel is null && Deadline <= time.GetUtcNow())
        {
            var limit = Expressions.DurationText.Format(History.Definition.Deadline!.Value);
            await AppendAsync(JournalTypes.CancelRequested, null, new CancelRequested($"The run took longer than its deadline of {limit}.", Deadline: true));
        }

        await SubscribeAsync();
        foreach (var step in History.Order)
        {
            var progress = History[step.Name];
            if (progress.HasEnded)
            {
                continue;
            }

            var entry = progress.Status is WorkflowRunStatus.Running
                ? await steps.AdvanceAsync(Id, History, step)
                : History.Cancel is { } cancel
                    ? new StepFinished(WorkflowRunStatus.Cancelled) { Attempt = progress.Attempt, Reason = cancel.Reason }
                    : await steps.BeginAsync(Id, History, step);
            if (entry is not null)
            {
                await AppendAsync(TypeOf(entry), step.Name, entry);
                LogStep(Id, step.Name, TypeOf(entry));
            }
        }

        if (History.Order.All(step => History[step.Name].HasEnded))
        {
            await AppendAsync(JournalTypes.RunFinished, null, Outcome());
        }

        return History.Sequence > before;
    }

    private static string TypeOf(object entry) => entry switch
    {
        StepStarted => JournalTypes.StepStarted,
        StepStopping => JournalTypes.StepStopping,
        StepRetry => JournalTypes.StepRetry,
        StepFinished => JournalTypes.StepFinished,
        _ => throw new InvalidOperationException($"{entry.GetType().Name} is no journal entry of a step."),
    };

    private RunFinished Outcome()
    {
        if (History.Cancel is { } cancel)
        {
            return new RunFinished(cancel.Deadline ? WorkflowRunStatus.Failed : WorkflowRunStatus.Cancelled, cancel.Reason);
        }

        foreach (var status in (WorkflowRunStatus[])[WorkflowRunStatus.Failed, WorkflowRunStatus.Rejected])
        {
            if (History.Order.FirstOrDefault(step => History[step.Name].Status == status) is { } step)
            {
                return new RunFinished(status, $"Step '{step.Name}': {History[step.Name].Reason}");
            }
        }

        return new RunFinished(WorkflowRunStatus.Succeeded, null);
    }

    // Before a step sets anything going, so that no event about it can pass unheard.
    private async Task SubscribeAsync()
    {
        var wanted = History.Order
            .SelectMany(step => steps.Awaits(Id, History, step))
            .Select(awaited => (History.Spec.Project, awaited.Type, (Guid?)awaited.Subject))
            .Distinct()
            .ToList();
        if (!wanted.SequenceEqual(_triggers))
        {
            await events.SetTriggersAsync(this.GetGrainId(), wanted);
            _triggers = wanted;
        }
    }

    private async Task EndAsync(RunFinished finished)
    {
        var run = History.ToRun();
        await events.SetTriggersAsync(this.GetGrainId(), []);
        await events.AppendAsync(DerivedId.From(Id, "finished"), run.Project, EventTypes.WorkflowRunFinished, Id, new
        {
            run = Id,
            workflow = run.Workflow,
            workflowName = run.WorkflowName,
            status = finished.Status,
            reason = finished.Reason,
        });
        await wakeUps.DisarmAsync(this);
        LogFinished(Id, run.WorkflowName, finished.Status, finished.Reason);
    }

    private async Task AppendAsync(string type, string? step, object data)
    {
        var entry = new JournalEntry
        {
            Sequence = (_history?.Sequence ?? 0) + 1,
            Time = time.GetUtcNow(),
            Type = type,
            Step = step,
            Data = JsonSerializer.Serialize(data, OdlJson.Options),
        };
        var next = _history is null ? RunHistory.Of(Id, [entry]) : _history.With(entry);
        try
        {
            await tables.AppendAsync(next.ToRun(), entry);
        }
        catch
        {
            // Memory never runs ahead of the journal: the next activation reads what is really there.
            DeactivateOnIdle();
            throw;
        }

        _history = next;
    }

    [LoggerMessage(LogLevel.Information, "Workflow run {Run} of '{Workflow}' version {Version} started, by {Trigger}")]
    private partial void LogStarted(Guid run, string workflow, long version, string trigger);

    [LoggerMessage(LogLevel.Information, "Workflow run {Run}: {Step} {Entry}")]
    private partial void LogStep(Guid run, string step, string entry);

    [LoggerMessage(LogLevel.Information, "Workflow run {Run} of '{Workflow}' ended: {Status}. {Reason}")]
    private partial void LogFinished(Guid run, string workflow, WorkflowRunStatus status, string? reason);
}
