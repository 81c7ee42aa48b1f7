using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;
using OrleansDL.Events;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Projects;
using OrleansDL.Timing;
using OrleansDL.UserCode;
using OrleansDL.Workers;

namespace OrleansDL.Training;

[GrainType("training-run")]
internal sealed partial class TrainingRunGrain(
    [PersistentState("state")] IPersistentState<TrainingRunState> run,
    WakeUps wakeUps, NameTable names, TrainingTables tables, BlobStore blobs, EventLog events, LineageLog lineage, WorkerDoor workers,
    TimeProvider time, ILogger<TrainingRunGrain> logger) : Grain, ITrainingRunGrain
{
    /// <summary>How many attempts in a row may be lost without getting further.</summary>
    private const int MaximumLostInARow = 20;

    /// <summary>A run that has not ended looks after itself this often, whatever it waits for.</summary>
    private const string Watch = "watch";
    private static readonly TimeSpan WatchAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the other ranks may take to end when one has. A worker that is gone is noticed sooner, by its silence.</summary>
    private static readonly TimeSpan EndingLimit = TimeSpan.FromSeconds(15);

    /// <summary>How long a rank's call waits for the others before it asks again; nothing is read for it.</summary>
    private static readonly TimeSpan MeetingLimit = TimeSpan.FromSeconds(5);

    /// <summary>Attempts that are told; a run that is lost again and again has more.</summary>
    private const int KeptAttempts = 100;
    private const int SecretBytes = 32;

    private RunProgress? _progress;
    private SlotGrant? _grant;
    private GangMeeting? _meeting;
    private DateTimeOffset? _endingSince;
    private (RunStatus Status, int Attempt, string? Reason)? _published;
    private int _started;
    private readonly ReportSignal _reports = new(time);
    private bool _pinned;

    private Guid Id => this.GetPrimaryKey();

    private string Owner => $"run:{Id}";

    private string CheckpointOwner => $"run:{Id}/checkpoint";

    private ISchedulerGrain Scheduler => GrainFactory.GetGrain<ISchedulerGrain>(run.State.Spec!.Pool);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (run.State.Status is not RunStatus.New)
        {
            _progress = (await tables.ReadHeadAsync(Id))?.Progress;
        }
    }

    public async Task<TrainingRun> CreateAsync(string project, TrainingSpec spec)
    {
        if (run.State.Status is not RunStatus.New)
        {
            return ToRun();
        }

        var plan = await RunPlan.MakeAsync(GrainFactory, project, spec);
        await NetworkCheck.RefuseAsync(GrainFactory, project, plan.Spec, plan.Dataset);
        var name = spec.Name ?? $"{plan.Dataset.DatasetName[..Math.Min(100, plan.Dataset.DatasetName.Length)]}-{Id.ToString("N")[^12..]}";
        await wakeUps.ArmAsync(this);
        await names.ClaimAsync(project, ThingKind.TrainingRun, name, Id);
        if (plan.ResumeFrom is { } forked)
        {
            await blobs.ReferAsync(CheckpointOwner, [forked.Blob]);
        }

        await WriteAsync(new TrainingRunState
        {
            Status = RunStatus.Queued,
            Project = project,
            Name = name,
            Spec = plan.Spec,
            LastCheckpoint = plan.ResumeFrom,
            Dataset = plan.Dataset,
            Model = plan.Model,
            Code = plan.Code,
            Attempt = 1,
            CreatedAt = time.GetUtcNow(),
        });
        await PublishAsync();
        LogCreated(Id, name, project, $"{plan.Dataset.DatasetName}@v{plan.Dataset.Version}");
        return ToRun();
    }

    public Task<TrainingRun> GetAsync() => run.State.Status is RunStatus.New
        ? throw new NotFoundException($"There is no training run {Id}. GET /v1/projects/{{project}}/training-runs lists them.")
        : Task.FromResult(ToRun());

    public async Task<TrainingRun> CancelAsync()
    {
        var current = await GetAsync();
        if (run.State.HasEnded || run.State.Status is RunStatus.Cancelling)
        {
            return current;
        }

        await wakeUps.ArmAsync(this);
        await WriteAsync(run.State with { Status = RunStatus.Cancelling });
        return ToRun();
    }

    public async Task<TrainingRun> PauseAsync()
    {
        var current = await GetAsync();
        switch (run.State.Status)
        {
            case RunStatus.Paused or RunStatus.Pausing:
                return current;
            case RunStatus.Queued or RunStatus.Running or RunStatus.Preempting:
                await wakeUps.ArmAsync(this);
                await WriteAsync(run.State with { Status = RunStatus.Pausing, Reason = null, Pauses = (run.State.Pauses ?? 0) + 1 });
                return ToRun();
            default:
                throw new ConflictException($"Training run '{run.State.Name}' is {run.State.Status} and cannot be paused. Only a run that waits or runs can.");
        }
    }

    public async Task<TrainingRun> ResumeAsync()
    {
        var current = await GetAsync();
        if (run.State.Status is RunStatus.Pausing)
        {
            throw new ConflictException($"Training run '{run.State.Name}' is still writing its checkpoint. Resume it when it is paused.");
        }

        if (run.State.Status is not RunStatus.Paused)
        {
            return run.State.HasEnded
                ? throw new ConflictException($"Training run '{run.State.Name}' is {run.State.Status}. Create a new run to train again.")
                : current;
        }

        await wakeUps.ArmAsync(this);
        await WriteAsync(run.State with { Status = RunStatus.Queued, Reason = null });
        return ToRun();
    }

    public async Task<TrainingRun> SetPriorityAsync(int priority)
    {
        await GetAsync();
        if (run.State.HasEnded)
        {
            throw new ConflictException($"Training run '{run.State.Name}' is {run.State.Status}: its priority matters no more.");
        }

        var spec = run.State.Spec! with { Priority = priority };
        TrainingSpecRules.Check(spec);
        await wakeUps.ArmAsync(this);
        await WriteAsync(run.State with { Spec = spec });
        await tables.WriteAsync(ToRun());
        return ToRun();
    }

    public async Task<TrainingRun> MoveAsync(Guid anchor, bool ahead)
    {
        await GetAsync();
        await Scheduler.MoveAsync(Id, anchor, ahead);
        if (run.State.Status is RunStatus.Queued)
        {
            _grant = await AskSchedulerAsync();
        }

        await wakeUps.ArmAsync(this);
        return ToRun();
    }

    public async Task ReportAsync(RunReport report)
    {
        CheckAttempt(report.Attempt);
        if (await tables.RecordAsync(Id, report) && report is { Rank: 0, Progress: not null })
        {
            if (_progress is null && run.State is { AttemptStartedAt: { } began, RestartSeconds: null })
            {
                // Kept with the next write: it is an estimate, and every attempt can make it anew.
                run.State = run.State with { RestartSeconds = (time.GetUtcNow() - began).TotalSeconds };
            }

            _progress = report.Progress;
        }

        _reports.Raise();
    }

    public Task<long> WaitForReportAsync(long seen, TimeSpan within) => _reports.WaitAsync(seen, within);

    public async Task RecordCheckpointAsync(Checkpoint checkpoint)
    {
        CheckAttempt(checkpoint.Attempt);
        var last = run.State.LastCheckpoint;
        if (last is not null && last.Step >= checkpoint.Step)
        {
            return;
        }

        var known = run.State.Checkpoints ?? (last is null ? [] : [last]);
        var kept = CheckpointRetention.Keep([.. known, checkpoint], run.State.Spec!.Checkpoints);
        await blobs.ReferAsync(CheckpointOwner, [checkpoint.Blob]);
        await WriteAsync(run.State with { LastCheckpoint = checkpoint, Checkpoints = kept });
        var dropped = known.Select(before => before.Blob).Except(kept.Select(after => after.Blob)).ToList();
        if (dropped.Count > 0)
        {
            await blobs.UnreferAsync(CheckpointOwner, dropped);
        }
    }

    public async Task<IReadOnlyList<Checkpoint>> ListCheckpointsAsync()
    {
        await GetAsync();
        return run.State switch
        {
            { HasEnded: true, Spec.Checkpoints: null } => [],
            { Checkpoints: { } kept } => kept,
            { LastCheckpoint: { } last } => [last],
            _ => [],
        };
    }

    public async Task<IReadOnlyList<string>?> MeetAsync(RankAddress address)
    {
        CheckGang(address.Attempt);
        if (address.Rank < 0 || address.Rank >= run.State.Members!.Count)
        {
            throw new InvalidException($"Rank {address.Rank} is none of the {run.State.Members!.Count} that train run {Id} together.");
        }

        if (run.State.Gang!.Addresses is { } known)
        {
            return known;
        }

        if (_meeting?.Attempt != address.Attempt)
        {
            _meeting = new GangMeeting(address.Attempt, run.State.Members.Count);
        }

        if (_meeting.Take(address) is not { } all)
        {
            return null;
        }

        // Kept, for a rank that hears it only after this activation: those that know each other do not come again.
        await WriteAsync(run.State with { Gang = run.State.Gang with { Addresses = all } });
        _meeting.End();
        return all;
    }

    // Interleaves with the run's other work, and therefore only reads.
    public async Task<IReadOnlyList<string>?> AwaitRanksAsync(int attempt)
    {
        CheckGang(attempt);
        if (run.State.Gang!.Addresses is null && _meeting is { } meeting && meeting.Attempt == attempt)
        {
            await Task.WhenAny(meeting.Over, Task.Delay(MeetingLimit, time));
            CheckGang(attempt);
        }

        return run.State.Gang?.Addresses;
    }

    public async Task FinishAsync(RunOutcome outcome)
    {
        if (outcome.Attempt == run.State.Attempt && (run.State.HasEnded || run.State.Outcome is not null))
        {
            return;
        }

        CheckAttempt(outcome.Attempt);
        await wakeUps.ArmAsync(this);
        await WriteAsync(GangEnd.Take(run.State, outcome));
        if (GangEnd.IsBroken(run.State))
        {
            _meeting?.End();
        }
    }

    /// <summary>Goes on from wherever the state says that it stands, until it has to wait for someone.</summary>
    public async Task WakeAsync(string name, string? payload)
    {
        if (run.State.Status is RunStatus.New)
        {
            // The process died between the name and the run: nothing was created, and the name is free again.
            await names.ReleaseAsync(ThingKind.TrainingRun, Id);
            await blobs.UnreferAsync(CheckpointOwner);
            return;
        }

        if (run.State is { HasEnded: false, Status: not RunStatus.Paused })
        {
            await wakeUps.ArmAsync(this, Watch, WatchAfter);
        }

        while (await AdvanceAsync())
        {
        }

        if (run.State.HasEnded || run.State.Status is RunStatus.Paused)
        {
            await wakeUps.DisarmAsync(this, Watch);
        }
    }

    /// <returns>Whether the run is in a new state that it can act on at once.</returns>
    private async Task<bool> AdvanceAsync()
    {
        await PublishAsync();
        return run.State.Status switch
        {
            RunStatus.Queued => await QueueAsync(),
            RunStatus.Running when run.State.Outcome is { } outcome => await ConcludeAsync(outcome),
            RunStatus.Running => await RunAsync(),
            RunStatus.Cancelling => await StopAsync(),
            RunStatus.Pausing or RunStatus.Preempting when run.State.Outcome is { } outcome => await ConcludeAsync(outcome),
            RunStatus.Pausing or RunStatus.Preempting => await LeaveAsync(),
            RunStatus.Paused => await RestAsync(),
            _ => await EndAsync(),
        };
    }

    private async Task<bool> QueueAsync()
    {
        try
        {
            await PinAsync();
        }
        catch (OrleansDLException e) when (e.Status < 500)
        {
            // What it needs was deleted while it waited: waiting longer would not bring it back.
            await WriteAsync(run.State with { Status = RunStatus.Failed, FinishedAt = time.GetUtcNow(), Reason = e.Message });
            return true;
        }

        if (run.State.NotBefore is { } begin && time.GetUtcNow() < begin)
        {
            await wakeUps.ArmAsync(this, Watch, begin - time.GetUtcNow());
            return false;
        }

        var grant = _grant = await AskSchedulerAsync();
        if (grant.Lost || grant.Leave is not null)
        {
            return await LoseAsync("Its worker was lost before it began.");
        }

        if (grant.Worker is null)
        {
            if (run.State.Reason != grant.Reason)
            {
                // Told, not remembered: the reason changes with every run before it, and is asked for anew.
                run.State = run.State with { Reason = grant.Reason };
                await PublishAsync();
            }

            return false;
        }

        await WriteAsync(run.State with
        {
            Status = RunStatus.Running,
            Worker = grant.Worker,
            Incarnation = grant.Incarnation,
            Members = grant.Members,
            Gang = grant.Members.Count > 1 ? new GangState { Secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes)) } : null,
            Attempts = [.. (run.State.Attempts ?? []).TakeLast(KeptAttempts - 1), new RunAttempt
            {
                Attempt = run.State.Attempt,
                Workers = [.. grant.Members.Select(member => member.Worker)],
                FromStep = run.State.LastCheckpoint?.Step ?? 0,
                StartedAt = time.GetUtcNow(),
            }],
            AttemptStartedAt = time.GetUtcNow(),
            NotBefore = null,
            ResumedFromStep = run.State.LastCheckpoint?.Step ?? 0,
            StartedAt = run.State.StartedAt ?? time.GetUtcNow(),
            Reason = null,
        });
        return true;
    }

    private async Task<bool> RunAsync()
    {
        var grant = await AskSchedulerAsync();
        if (HasLost(grant))
        {
            return await LoseAsync(WhoWasLost());
        }

        if (GangEnd.IsBroken(run.State))
        {
            return await AwaitEndsAsync();
        }

        if (grant.Leave is { } reason)
        {
            await WriteAsync(run.State with { Status = RunStatus.Preempting, Reason = reason });
            LogSentAway(Id, run.State.Attempt, reason);
            return true;
        }

        if (_started == run.State.Attempt)
        {
            return false;
        }

        await tables.BeginAttemptAsync(Id, run.State.Attempt, run.State.ResumedFromStep);
        try
        {
            foreach (var member in MembersOf(run.State))
            {
                await workers.StartAsync(member.Worker, new TrainerAssignment
                {
                    Run = Id,
                    Attempt = run.State.Attempt,
                    Spec = run.State.Spec!,
                    Dataset = run.State.Dataset!,
                    ResumeFrom = run.State.LastCheckpoint,
                    Model = RunPlan.ModelFiles(run.State),
                    Code = run.State.Code,
                    Project = run.State.Project,
                    Incarnation = member.Incarnation,
                    Rank = member.Rank,
                    Workers = run.State.Gang is null ? null : [.. run.State.Members!.Select(one => one.Worker)],
                    GangSecret = run.State.Gang?.Secret,
                });
            }
        }
        catch (Exception e) when (e is NoCapacityException or StaleAttemptException)
        {
            // The scheduler will say whether the worker is gone; until then it may just be late.
            LogNotStarted(Id, run.State.Attempt, run.State.Worker!, e.Message);
            await wakeUps.ArmAsync(this, Watch, RetryAfter);
            return false;
        }

        _started = run.State.Attempt;
        LogStarted(Id, run.State.Attempt, string.Join(", ", MembersOf(run.State).Select(member => member.Worker)), run.State.ResumedFromStep);
        return false;
    }

    /// <summary>Waits for the other ranks of a gang to end: they do by themselves, and why may be theirs to tell.</summary>
    private async Task<bool> AwaitEndsAsync()
    {
        var now = time.GetUtcNow();
        _endingSince ??= now;
        if (now - _endingSince < EndingLimit)
        {
            return false;
        }

        return await LoseAsync("One of its ranks ended, and others did not say how they did.");
    }

    private async Task<bool> StopAsync()
    {
        if (run.State.Worker is { } worker && run.State.Outcome is null && !HasLost(await AskSchedulerAsync()))
        {
            try
            {
                if (await AnyAsync(on => workers.StopAsync(on, Id, run.State.Attempt)))
                {
                    return false;
                }
            }
            catch (NoCapacityException e)
            {
                LogNotStopped(Id, run.State.Attempt, worker, e.Message);
                await wakeUps.ArmAsync(this, Watch, RetryAfter);
                return false;
            }
        }

        await WriteAsync(run.State with { Status = RunStatus.Cancelled, FinishedAt = time.GetUtcNow(), Reason = "Cancelled." });
        return true;
    }

    /// <summary>Has the process write its checkpoint and leave; the run goes on when its outcome is there.</summary>
    private async Task<bool> LeaveAsync()
    {
        if (run.State.Worker is not { } worker)
        {
            // It waited, and held nothing.
            await WriteAsync(run.State with { Status = RunStatus.Paused });
            return true;
        }

        if (HasLost(await AskSchedulerAsync()))
        {
            return await LoseAsync(WhoWasLost());
        }

        try
        {
            // What was never started has nothing to write.
            return !await AnyAsync(on => workers.LeaveAsync(on, Id, run.State.Attempt)) && await LoseAsync(run.State.Reason ?? "It was told to leave.");
        }
        catch (NoCapacityException e)
        {
            LogNotStopped(Id, run.State.Attempt, worker, e.Message);
            await wakeUps.ArmAsync(this, Watch, RetryAfter);
            return false;
        }
    }

    private async Task<bool> RestAsync()
    {
        await Scheduler.ReleaseAsync(Id, run.State.Attempt);
        return false;
    }

    private async Task<bool> ConcludeAsync(RunOutcome outcome)
    {
        switch (outcome.Kind)
        {
            case RunOutcomeKind.Lost or RunOutcomeKind.Stopped:
                return await LoseAsync(outcome.Reason ?? "The process was lost.");
            case not RunOutcomeKind.Done:
                return await RetryAsync(outcome);
            default:
                // The slots are free from here on, however long the rest takes.
                await Scheduler.ReleaseAsync(Id, run.State.Attempt);
                await blobs.ReferAsync(Owner, outcome.Artifact.Values.Select(file => file.Blob));
                await CompleteAsync(outcome);
                return true;
        }
    }

    private async Task CompleteAsync(RunOutcome outcome)
    {
        string? version = null;
        string? problem = null;
        if (run.State.Spec! is { RegisterAs: { } name, Program: TrainingProgram.Train or TrainingProgram.Code })
        {
            try
            {
                if (run.State.Code is not null && !RunPlan.Servable.Any(outcome.Artifact.ContainsKey))
                {
                    throw new InvalidException($"It left none of the files {string.Join(", ", RunPlan.Servable)} in ODL_OUTPUT_DIR.");
                }

                var model = await GrainFactory.GetGrain<IModelsGrain>(run.State.Project).EnsureAsync(name);
                var registered = await GrainFactory.GetGrain<IModelGrain>(model.Id).RegisterAsync(RunPlan.Registration(Id, run.State, outcome));
                version = $"{registered.ModelName}@{registered.Version}";
            }
            catch (OrleansDLException e) when (e.Status < 500)
            {
                problem = $"It has trained, but its artifact could not become a version of model '{name}': {e.Message}";
            }
        }

        await WriteAsync(run.State with
        {
            Status = problem is null ? RunStatus.Completed : RunStatus.Failed,
            Reason = problem,
            FinishedAt = time.GetUtcNow(),
            Metrics = outcome.Metrics,
            Artifact = outcome.Artifact,
            ModelVersion = version,
        });
    }

    /// <summary>Another try where it may help, as often as the spec allows; else the end.</summary>
    private async Task<bool> RetryAsync(RunOutcome outcome)
    {
        var state = run.State;
        var again = RetryRule.Next(state, outcome);
        if (again.Spec is null)
        {
            await WriteAsync(state with { Status = RunStatus.Failed, FinishedAt = time.GetUtcNow(), Reason = again.Reason });
            return true;
        }

        LogRetried(Id, state.Attempt, again.Reason);
        await WriteAsync(NextAttempt(outcome.Reason) with
        {
            Spec = again.Spec,
            Retries = (state.Retries ?? 0) + 1,
            NotBefore = time.GetUtcNow() + again.Pause,
            Reason = again.Reason,
        });
        await Scheduler.ReleaseAsync(Id, state.Attempt);
        return true;
    }

    /// <summary>The state in which the next attempt asks for slots, or waits to be resumed.</summary>
    /// <param name="ended">Why this one ended.</param>
    private TrainingRunState NextAttempt(string? ended)
    {
        var state = run.State;
        return state with
        {
            Status = state.Status is RunStatus.Pausing ? RunStatus.Paused : RunStatus.Queued,
            Attempt = state.Attempt + 1,
            Worker = null,
            Incarnation = null,
            Members = null,
            Gang = null,
            Outcome = null,
            Reason = null,
            ServedSeconds = (state.ServedSeconds ?? 0) + (state.AttemptStartedAt is { } began ? (time.GetUtcNow() - began).TotalSeconds : 0),
            AttemptStartedAt = null,
            Attempts = state.Attempts is { Count: > 0 } all && all[^1].Attempt == state.Attempt ? [.. all.SkipLast(1), all[^1] with { Ended = ended }] : state.Attempts,
        };
    }

    /// <summary>The next attempt, free of charge; unless they keep getting nowhere.</summary>
    private async Task<bool> LoseAsync(string reason)
    {
        var state = run.State;
        if (state.Status is RunStatus.Pausing or RunStatus.Preempting)
        {
            await WriteAsync(NextAttempt(reason) with
            {
                Preemptions = (state.Preemptions ?? 0) + (state.Status is RunStatus.Preempting ? 1 : 0),
                Reason = state.Reason,
            });
            return true;
        }

        var lost = (state.LastCheckpoint?.Step ?? 0) > state.ResumedFromStep ? 1 : state.LostInARow + 1;
        LogLost(Id, state.Attempt, reason);
        await WriteAsync(lost > MaximumLostInARow
            ? state with
            {
                Status = RunStatus.Failed,
                FinishedAt = time.GetUtcNow(),
                Reason = $"{MaximumLostInARow} attempts in a row were lost without getting further. The last one: {reason}",
            }
            : NextAttempt(reason) with { LostInARow = lost });
        return true;
    }

    private async Task<bool> EndAsync()
    {
        await Scheduler.ReleaseAsync(Id, run.State.Attempt);
        if (run.State.Spec!.Checkpoints is null)
        {
            await blobs.UnreferAsync(CheckpointOwner);
        }

        if (run.State.Status is RunStatus.Completed)
        {
            var ended = ToRun();
            await lineage.RecordAsync(ended.Project, RunLineage.Nodes(ended, run.State.Model), RunLineage.Edges(ended, run.State.Model));
            LogCompleted(Id, run.State.Name, run.State.ModelVersion ?? "no model version");
        }
        else
        {
            // What a model was trained on is kept with it; what came to nothing need not be.
            await blobs.UnreferAsync(Owner);
            LogEnded(Id, run.State.Name, run.State.Status, run.State.Reason);
        }

        return false;
    }

    private Task<SlotGrant> AskSchedulerAsync() => Scheduler.RequestAsync(new SlotRequest
    {
        Run = Id,
        Attempt = run.State.Attempt,
        Slots = run.State.Spec!.Slots,
        QueuedAt = run.State.CreatedAt,
        Project = run.State.Project,
        Priority = run.State.Spec.Priority ?? 0,
        Memory = (run.State.Spec.MemoryMiB ?? 0) << 20,
        DeviceKind = run.State.Spec.DeviceKind,
        UserCode = run.State.Spec.Program is TrainingProgram.Code,
        Members = run.State.Spec.Workers ?? 1,
        LeastMembers = run.State.Spec.MinWorkers ?? 0,
        LimitSeconds = run.State.Spec.TimeLimitSeconds,
        LeftSeconds = _progress?.EtaSeconds,
        ServedSeconds = run.State.ServedSeconds ?? 0,
        RestartSeconds = run.State.RestartSeconds ?? 0,
        Preemptible = run.State.Spec.Preemptible ?? true,
    });

    private bool HasLost(SlotGrant grant) => grant.Lost || grant.Worker != run.State.Worker || grant.Incarnation != run.State.Incarnation;

    private string WhoWasLost() => run.State.Gang is null ? $"Worker '{run.State.Worker}' was lost." : "A worker of its gang was lost.";

    /// <summary>Who trains the attempt; one worker alone also in states that older versions wrote.</summary>
    private static IReadOnlyList<GrantMember> MembersOf(TrainingRunState state) => state.Members is { Count: > 0 } members
        ? members
        : [new GrantMember { Rank = 0, Worker = state.Worker!, Incarnation = state.Incarnation! }];

    /// <summary>Asks each worker of the attempt once.</summary>
    /// <exception cref="NoCapacityException">One of them did not answer; all were asked.</exception>
    private async Task<bool> AnyAsync(Func<string, Task<bool>> ask)
    {
        var any = false;
        NoCapacityException? silent = null;
        foreach (var worker in MembersOf(run.State).Select(member => member.Worker).Distinct())
        {
            try
            {
                any |= await ask(worker);
            }
            catch (NoCapacityException e)
            {
                silent = e;
            }
        }

        return silent is null ? any : throw silent;
    }

    /// <exception cref="StaleAttemptException">The attempt is over, or cannot go on.</exception>
    private void CheckGang(int attempt)
    {
        CheckAttempt(attempt);
        if (run.State.Gang is null || GangEnd.IsBroken(run.State))
        {
            throw new StaleAttemptException($"A rank of attempt {attempt} of training run {Id} has ended: those left do not meet any more.");
        }
    }

    private void CheckAttempt(int attempt)
    {
        if (run.State.Status is not (RunStatus.Running or RunStatus.Cancelling or RunStatus.Pausing or RunStatus.Preempting) || attempt != run.State.Attempt)
        {
            throw new StaleAttemptException(
                $"Attempt {attempt} of training run {Id} is over: the run is {run.State.Status} at attempt {run.State.Attempt}.");
        }
    }

    /// <summary>Keeps the dataset version's bytes for as long as the run needs them.</summary>
    private async Task PinAsync()
    {
        if (_pinned)
        {
            return;
        }

        await foreach (var page in RunPlan.FilesAsync(GrainFactory, run.State.Project, run.State.Dataset!))
        {
            await blobs.ReferAsync(Owner, page.Select(file => file.Blob));
        }

        if (RunPlan.ModelFiles(run.State) is { } model)
        {
            await blobs.ReferAsync(Owner, model.Values.Select(file => file.Blob));
        }

        if (run.State.Code is { } code)
        {
            await blobs.ReferAsync(Owner, CodeManifest.Read(await blobs.ReadAsync(code.Digest)).Select(file => file.Blob).Append(code.Digest));
        }

        _pinned = true;
    }

    /// <summary>Tells the table, and with every new status or attempt the world.</summary>
    private async Task PublishAsync()
    {
        var state = run.State;
        var now = (state.Status, state.Attempt, state.Reason);
        if (_published == now)
        {
            return;
        }

        await tables.WriteAsync(ToRun());
        if (_published is not { } before || (before.Status, before.Attempt) != (state.Status, state.Attempt))
        {
            await events.AppendAsync(EventId(state), state.Project, EventTypes.TrainingRunChanged, Id, new
            {
                run = Id,
                name = state.Name,
                status = state.Status,
                attempt = state.Attempt,
                program = state.Spec!.Program,
                modelVersion = state.ModelVersion,
                workers = state.Gang is null ? (int?)null : state.Members!.Count,
                reason = state.HasEnded || state.Status is RunStatus.Preempting ? state.Reason : null,
            });
        }

        _published = now;
    }

    // The same for every repeat, so that the event is appended once.
    private Guid EventId(TrainingRunState state) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"{Id}|{(int)state.Status}|{state.Attempt}{(state.Pauses is { } pauses ? $"|{pauses}" : "")}")).AsSpan(0, 16));

    private async Task WriteAsync(TrainingRunState next)
    {
        var before = run.State;
        run.State = next;
        try
        {
            await run.WriteStateAsync();
        }
        catch
        {
            run.State = before;
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            // After a failed write too: who waits would hold up the next activation.
            _reports.Raise();
        }

        if (next.Attempt != before.Attempt || next.HasEnded)
        {
            // Ranks that wait for others need wait no longer.
            _meeting?.End();
            _meeting = null;
            _endingSince = null;
        }

        if (next.Attempt != before.Attempt)
        {
            _progress = null;
        }
    }

    private TrainingRun ToRun()
    {
        var state = run.State;
        return new TrainingRun
        {
            Id = Id,
            Project = state.Project,
            Name = state.Name,
            Status = state.Status,
            Spec = state.Spec!,
            DatasetCommit = state.Dataset!.Commit,
            DatasetName = state.Dataset.DatasetName,
            DatasetVersion = state.Dataset.Version,
            Attempt = state.Status is RunStatus.Queued or RunStatus.Paused ? state.Attempt - 1 : state.Attempt,
            Worker = state.Worker,
            Progress = _progress,
            LastCheckpoint = state.LastCheckpoint,
            ResumedFromStep = state.ResumedFromStep,
            Reason = state.Reason,
            Metrics = state.Metrics,
            Artifact = state.Artifact,
            ModelVersion = state.ModelVersion,
            Code = state.Code,
            CreatedAt = state.CreatedAt,
            StartedAt = state.StartedAt,
            FinishedAt = state.FinishedAt,
            Position = state.Status is RunStatus.Queued ? _grant?.Position : null,
            EstimatedStart = state.Status is RunStatus.Queued ? _grant?.EstimatedStart : null,
            Preemptions = state.Preemptions ?? 0,
            Retries = state.Retries ?? 0,
            Attempts = state.Attempts ?? [],
        };
    }

    [LoggerMessage(LogLevel.Information, "Training run {Run} ({Name}) was created in project {Project} on dataset {Dataset}")]
    private partial void LogCreated(Guid run, string name, string project, string dataset);

    [LoggerMessage(LogLevel.Information, "Attempt {Attempt} of training run {Run} started on {Worker} from step {Step}")]
    private partial void LogStarted(Guid run, int attempt, string worker, long step);

    [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of training run {Run} did not start on worker {Worker}, and is tried again: {Reason}")]
    private partial void LogNotStarted(Guid run, int attempt, string worker, string reason);

    [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of training run {Run} could not be stopped on worker {Worker}, and is tried again: {Reason}")]
    private partial void LogNotStopped(Guid run, int attempt, string worker, string reason);

    [LoggerMessage(LogLevel.Information, "Attempt {Attempt} of training run {Run} was sent away: {Reason} It goes on from its last checkpoint")]
    private partial void LogSentAway(Guid run, int attempt, string reason);

    [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of training run {Run} failed and is tried again: {Reason}")]
    private partial void LogRetried(Guid run, int attempt, string reason);

    [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of training run {Run} was lost: {Reason} It goes on from its last checkpoint")]
    private partial void LogLost(Guid run, int attempt, string reason);

    [LoggerMessage(LogLevel.Information, "Training run {Run} ({Name}) completed: {ModelVersion}")]
    private partial void LogCompleted(Guid run, string name, string modelVersion);

    [LoggerMessage(LogLevel.Information, "Training run {Run} ({Name}) ended {Status}: {Reason}")]
    private partial void LogEnded(Guid run, string name, RunStatus status, string? reason);
}
