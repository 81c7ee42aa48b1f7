using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansDL.Events;
using OrleansDL.Expressions;
using OrleansDL.Projects;
using OrleansDL.Timing;
using OrleansDL.Workflows.Definitions;

namespace OrleansDL.Workflows;

[GrainType("workflow")]
internal sealed partial class WorkflowGrain(
    [PersistentState("state")] IPersistentState<WorkflowState> workflow,
    WorkflowTables tables, ReferenceChecker references, WakeUps wakeUps, EventLog events, NameTable names, TimeProvider time,
    ILogger<WorkflowGrain> logger) : Grain, IWorkflowGrain
{
    private const string Cron = "cron:";
    private const string Debounce = "debounce:";
    private const int MaximumCatchUp = 100;

    // How late a schedule may be and still count as on time, where missed times are not made up for.
    private static readonly TimeSpan OnTime = TimeSpan.FromMinutes(1);

    private WorkflowDefinition? _definition;

    private Guid Id => this.GetPrimaryKey();

    private WorkflowDefinition Definition => _definition ??= DefinitionReader.Read(workflow.State.Definition);

    private bool Exists => workflow.State is { Version: > 0, Deleted: false };

    public async Task<Workflow> PutAsync(string project, string yaml)
    {
        if (workflow.State.Deleted)
        {
            throw Missing();
        }

        var definition = DefinitionReader.Read(yaml);
        DefinitionChecker.Check(definition);
        var digest = DefinitionCanon.Digest(definition);
        var watched = await references.CheckAsync(project, definition);
        if (Exists && workflow.State.Digest == digest && watched.All(w => workflow.State.Watched.GetValueOrDefault(w.Key) == w.Value))
        {
            return ToWorkflow();
        }

        await wakeUps.ArmAsync(this);
        await names.ClaimAsync(project, ThingKind.Workflow, definition.Name, Id);
        var heard = await HearPendingAsync();
        await WriteAsync(workflow.State with
        {
            Heard = heard,
            Project = project,
            Name = definition.Name,
            Version = workflow.State.Digest == digest && Exists ? workflow.State.Version : workflow.State.Version + 1,
            Digest = digest,
            Definition = yaml,
            Watched = watched,
            CreatedAt = Exists ? workflow.State.CreatedAt : time.GetUtcNow(),
            Changes = workflow.State.Changes + 1,
        });
        LogPut(definition.Name, workflow.State.Version, digest);
        await ActAsync();
        return ToWorkflow();
    }

    public Task<Workflow> GetAsync() => Task.FromResult(ToWorkflow());

    public async Task<WorkflowRun> StartAsync(Guid run, string? inputs)
    {
        var state = Checked();
        if (await tables.FindRunAsync(run) is { } known)
        {
            return known;
        }

        var spec = Spec("manual", RunInputs.Merge(Definition, inputs), happened: null);
        if (Definition.Concurrency is { } concurrency)
        {
            var open = await tables.OpenRunsAsync(Id);
            if (open.Count >= concurrency.Limit && concurrency.OnConflict != "replace")
            {
                throw new ConflictException(
                    $"Workflow '{state.Name}' has {open.Count} runs going, and its limit is {concurrency.Limit}. Wait for one to end, or cancel it.");
            }

            await MakeRoomAsync(open, concurrency.Limit);
        }

        return await GrainFactory.GetGrain<IWorkflowRunGrain>(run).StartAsync(spec);
    }

    public async Task<Workflow> EnableAsync(bool enabled)
    {
        if (Checked().Enabled != enabled)
        {
            await wakeUps.ArmAsync(this);
            var heard = await HearPendingAsync();
            await WriteAsync(workflow.State with { Enabled = enabled, Heard = heard, Changes = workflow.State.Changes + 1 });
            await ActAsync();
        }

        return ToWorkflow();
    }

    public async Task DeleteAsync(string? ifMatch)
    {
        var state = Checked();
        if (ifMatch is not null && ifMatch != ETag)
        {
            throw new PreconditionException($"Workflow '{state.Name}' has changed: its ETag is \"{ETag}\". Read it again.");
        }

        var open = await tables.OpenRunsAsync(Id);
        if (open.Count > 0)
        {
            throw new ConflictException($"Workflow '{state.Name}' has {open.Count} runs going, {open[0]} among them. Cancel them, or wait for their end.");
        }

        await wakeUps.ArmAsync(this);
        await WriteAsync(state with { Deleted = true, Waiting = [] });
        await ActAsync();
    }

    public async Task WakeAsync(string name, string? payload)
    {
        if (name == WakeUps.Act)
        {
            if (workflow.State.Version == 0)
            {
                // The node died between the name and the first version.
                await names.ReleaseAsync(ThingKind.Workflow, Id);
                return;
            }

            await ActAsync();
        }
        else if (!Exists)
        {
            return;
        }
        else if (name.StartsWith(EventLog.WakeUpPrefix, StringComparison.Ordinal))
        {
            await HearAsync(Guid.Parse(payload!));
        }
        else if (name.StartsWith(Debounce, StringComparison.Ordinal) && workflow.State.Enabled)
        {
            await LaunchAsync((await events.GetAsync(Guid.Parse(payload!)))!);
        }
        else if (name.StartsWith(Cron, StringComparison.Ordinal))
        {
            await RingAsync(name, payload!);
        }
    }

    private string ETag => workflow.State.Changes.ToString(CultureInfo.InvariantCulture);

    private WorkflowState Checked() => Exists ? workflow.State : throw Missing();

    private NotFoundException Missing() => new($"There is no workflow {Id}. GET /v1/projects/{{project}}/workflows lists them.");

    private Workflow ToWorkflow()
    {
        var state = Checked();
        return new Workflow
        {
            Id = Id,
            Project = state.Project,
            Name = state.Name,
            Version = state.Version,
            Digest = state.Digest,
            Definition = state.Definition,
            Enabled = state.Enabled,
            CreatedAt = state.CreatedAt,
            ETag = ETag,
        };
    }

    /// <summary>Makes tables, triggers and timers agree with the state.</summary>
    private async Task ActAsync()
    {
        var state = workflow.State;
        if (state.Deleted)
        {
            await events.SetTriggersAsync(this.GetGrainId(), []);
            foreach (var run in await tables.DeleteAsync(Id))
            {
                await names.ReleaseAsync(ThingKind.WorkflowRun, run);
            }

            await names.ReleaseAsync(ThingKind.Workflow, Id);
            await wakeUps.DisarmAsync(this);
            return;
        }

        await tables.WriteAsync(ToWorkflow(), DefinitionCanon.Write(Definition));
        var triggers = state.Watched.Values.Where(_ => state.Enabled)
            .Select(dataset => (state.Project, EventTypes.DatasetCommitted, (Guid?)dataset)).ToList();
        if (Definition.Concurrency is not null)
        {
            triggers.Add((state.Project, EventTypes.WorkflowRunFinished, null));
        }

        await events.SetTriggersAsync(this.GetGrainId(), triggers);
        for (var index = 0; index < Definition.Triggers.Count && state.Enabled; index++)
        {
            if (Definition.Triggers[index].Schedule is not null)
            {
                await ArmCronAsync(index, time.GetUtcNow());
            }
        }

        await StartWaitingAsync();
        await wakeUps.DisarmAsync(this);
    }

    private async Task HearAsync(Guid id)
    {
        var happened = await events.GetAsync(id);
        if (happened is null)
        {
            return;
        }

        if (happened.Type == EventTypes.WorkflowRunFinished)
        {
            await StartWaitingAsync();
            return;
        }

        if (happened.Sequence > workflow.State.Heard)
        {
            await JudgeAsync(happened);
        }
    }

    /// <summary>Judges what happened up to now by the definition that was in force, before another takes its place.</summary>
    /// <returns>Sequence of the newest event so judged: told again later, it is not judged by the next definition.</returns>
    private async Task<long> HearPendingAsync()
    {
        if (!Exists)
        {
            return 0;
        }

        var newest = (await events.HeadsAsync()).GetValueOrDefault(workflow.State.Project);
        foreach (var id in await wakeUps.PendingAsync(this, EventLog.WakeUpPrefix))
        {
            if (await events.GetAsync(Guid.Parse(id)) is { } happened && happened.Type != EventTypes.WorkflowRunFinished
                && happened.Sequence > workflow.State.Heard && happened.Sequence <= newest)
            {
                await JudgeAsync(happened);
            }
        }

        return newest;
    }

    private async Task JudgeAsync(PlatformEvent happened)
    {
        for (var index = 0; index < Definition.Triggers.Count && workflow.State.Enabled; index++)
        {
            var trigger = Definition.Triggers[index];
            if (trigger.Dataset is null || workflow.State.Watched[trigger.Dataset] != happened.Subject
                || trigger.Branch != DefinitionEvents.Branch(happened) || !Wants(trigger, happened))
            {
                continue;
            }

            if (trigger.Debounce is { } quiet)
            {
                await WaitForQuietAsync($"{Debounce}{index}", quiet, happened);
            }
            else
            {
                await LaunchAsync(happened);
            }
        }
    }

    private async Task WaitForQuietAsync(string name, TimeSpan quiet, PlatformEvent happened)
    {
        if (workflow.State.Quiet.TryGetValue(name, out var newest) && newest.Sequence >= happened.Sequence)
        {
            return;
        }

        await wakeUps.ArmAsync(this, name, quiet, happened.Id.ToString());
        await WriteAsync(workflow.State with
        {
            Quiet = new Dictionary<string, QuietEvent>(workflow.State.Quiet) { [name] = new() { Sequence = happened.Sequence, Id = happened.Id } },
        });
    }

    private bool Wants(TriggerDefinition trigger, PlatformEvent happened)
    {
        if (trigger.When is null)
        {
            return true;
        }

        try
        {
            return trigger.When.Evaluate(DefinitionEvents.Variables(happened), time.GetUtcNow()).Value is Value.Bool { Is: true };
        }
        catch (ExpressionException problem)
        {
            LogWhenFailed(workflow.State.Name, happened.Id, trigger.When.Text, problem.Message);
            return false;
        }
    }

    // One event starts one run, however often it is told and however many triggers it matches.
    private Task LaunchAsync(PlatformEvent happened) =>
        LaunchAsync(DerivedId.From(Id, happened.Id.ToString()), Spec($"event:{happened.Id}", RunInputs.Merge(Definition, null), DefinitionEvents.ToJson(happened)));

    private async Task LaunchAsync(Guid run, WorkflowRunSpec spec)
    {
        if (Definition.Concurrency is not { } concurrency)
        {
            await GrainFactory.GetGrain<IWorkflowRunGrain>(run).StartAsync(spec);
            return;
        }

        if (await tables.FindRunAsync(run) is not null || workflow.State.Waiting.Any(waiting => waiting.Id == run))
        {
            await StartWaitingAsync();
            return;
        }

        var open = await tables.OpenRunsAsync(Id);
        if (concurrency.OnConflict == "skip" && open.Count >= concurrency.Limit)
        {
            LogSkipped(workflow.State.Name, spec.Trigger, open.Count);
            return;
        }

        var entry = new WaitingRun { Id = run, Spec = spec };
        if (concurrency.OnConflict == "replace")
        {
            await MakeRoomAsync(open, concurrency.Limit);
            await WriteAsync(workflow.State with { Waiting = [entry] });
        }
        else
        {
            await WriteAsync(workflow.State with { Waiting = [.. workflow.State.Waiting, entry] });
        }

        await StartWaitingAsync();
    }

    // Called by the delivery of a wake-up or under an armed one: a crash in here is followed by a repeat.
    private async Task StartWaitingAsync()
    {
        while (workflow.State.Waiting is [var first, ..]
            && (Definition.Concurrency is not { } concurrency || (await tables.OpenRunsAsync(Id)).Count(run => run != first.Id) < concurrency.Limit))
        {
            await GrainFactory.GetGrain<IWorkflowRunGrain>(first.Id).StartAsync(first.Spec);
            await WriteAsync(workflow.State with { Waiting = [.. workflow.State.Waiting.Skip(1)] });
        }
    }

    private async Task MakeRoomAsync(IReadOnlyList<Guid> open, int limit)
    {
        foreach (var run in open.Take(Math.Max(0, open.Count - limit + 1)))
        {
            await GrainFactory.GetGrain<IWorkflowRunGrain>(run).CancelAsync();
        }
    }

    private async Task RingAsync(string name, string payload)
    {
        var index = int.Parse(name.AsSpan(Cron.Length), CultureInfo.InvariantCulture);
        var parts = payload.Split(' ', 2);
        var due = DateTimeOffset.Parse(parts[0], CultureInfo.InvariantCulture);
        if (index >= Definition.Triggers.Count || parts[1] != Definition.Triggers[index].Cron || !workflow.State.Enabled)
        {
            return;
        }

        var trigger = Definition.Triggers[index];
        var now = time.GetUtcNow();
        var missed = trigger.Schedule!.GetOccurrences(due, now, trigger.TimeZone, fromInclusive: true, toInclusive: true).TakeLast(MaximumCatchUp).ToList();
        var wanted = trigger.CatchUp switch
        {
            "all" => missed,
            "latest" => missed.TakeLast(1),
            _ => missed.Where(at => at > now - OnTime).TakeLast(1),
        };
        foreach (var at in wanted)
        {
            var moment = at.ToString("O", CultureInfo.InvariantCulture);
            await LaunchAsync(DerivedId.From(Id, $"{name} {moment}"), Spec($"cron:{moment}", RunInputs.Merge(Definition, null), happened: null));
        }

        await ArmCronAsync(index, now);
    }

    private async Task ArmCronAsync(int index, DateTimeOffset after)
    {
        var trigger = Definition.Triggers[index];
        if (trigger.Schedule!.GetNextOccurrence(after, trigger.TimeZone) is { } next)
        {
            var payload = $"{next.ToString("O", CultureInfo.InvariantCulture)} {trigger.Cron}";
            await wakeUps.ArmAsync(this, $"{Cron}{index}", next - time.GetUtcNow(), payload);
        }
    }

    private WorkflowRunSpec Spec(string trigger, string inputs, string? happened) => new()
    {
        Project = workflow.State.Project,
        Workflow = Id,
        WorkflowName = workflow.State.Name,
        Version = workflow.State.Version,
        Definition = workflow.State.Definition,
        Trigger = trigger,
        Inputs = inputs,
        Event = happened,
    };

    private async Task WriteAsync(WorkflowState next)
    {
        workflow.State = next;
        _definition = null;
        try
        {
            await workflow.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Workflow '{Workflow}' has version {Version} with digest {Digest}")]
    private partial void LogPut(string workflow, long version, BlobId digest);

    [LoggerMessage(LogLevel.Warning, "Workflow '{Workflow}' did not start for event {Event}: its condition '{Condition}' could not be evaluated: {Problem}. Correct the condition")]
    private partial void LogWhenFailed(string workflow, Guid @event, string condition, string problem);

    [LoggerMessage(LogLevel.Information, "Workflow '{Workflow}' skipped a run for {Trigger}: {Open} runs are going")]
    private partial void LogSkipped(string workflow, string trigger, int open);
}
