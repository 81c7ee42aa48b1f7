using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansDL.Events;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Nodes;
using OrleansDL.Projects;
using OrleansDL.Serving.Ensembles;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Residency;
using OrleansDL.Timing;

namespace OrleansDL.Serving;

/// <remarks>
/// Reentrant, so that it answers while a model loads. Writes go one after the other through <see cref="WriteAsync"/>, and there is one
/// act at a time: it loads what is wanted, points the route to it, and only when every front knows unloads what was there before. How a set of
/// versions moves on is <see cref="VersionSet"/>'s.
/// </remarks>
[GrainType("deployment"), Reentrant]
internal sealed partial class DeploymentGrain(
    [PersistentState("state")] IPersistentState<DeploymentState> state,
    WakeUps wakeUps, NameTable names, DeploymentTables tables, NodeNotices notices, EventLog events, LineageLog lineage,
    ReplicaDoor replicas, Summons summons, ModelDirectory directory, WantedVersions registry, EnsembleDoor ensembles, TimeProvider time, ILogger<DeploymentGrain> logger)
    : Grain, IDeploymentGrain, IDisposable
{
    private const int MaximumReplicas = 64;
    private const int RememberedChanges = 64;
    private const string Unloaded = Protocol.InferenceModels.UnloadedReason;
    private const string CanaryWakeUp = "canary";
    private static readonly TimeSpan CanaryGlance = TimeSpan.FromSeconds(10);
    private const string NoWorker = "No worker is there to serve it. It is loaded when one joins: GET /v1/workers lists them.";
    private static readonly TimeSpan RetryWithoutWorker = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _writing = new(1);

    // Held by a change from its checks to its write, so that neither another change nor the act comes between.
    private readonly SemaphoreSlim _changing = new(1);
    private Task? _acting;
    private bool _again;
    private long _published;
    private long _written;

    // From the moment a route changes until every front knows it, the deployment claims to be neither ready nor failed.
    private bool _publishing;

    private Guid Id => this.GetPrimaryKey();

    private DeploymentState State => state.State;

    private IReadOnlyList<DeployedVersion> Versions => State.Versions ?? [];

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        state.State = VersionSet.Read(state.State);
        return Task.CompletedTask;
    }

    public Task<Deployment> CreateAsync(string project, DeploymentSpec spec) => ChangeAsync(() => CreateOnceAsync(project, spec));

    public Task<Deployment> GetAsync()
    {
        RequireLive();
        return Task.FromResult(directory.Complete(Describe()));
    }

    public Task<Deployment> UpdateAsync(Guid changeId, DeploymentSpec spec, string? ifMatch) => ChangeAsync(() => UpdateOnceAsync(changeId, spec, ifMatch));

    public Task DeleteAsync(string? ifMatch) => ChangeAsync(() => DeleteOnceAsync(ifMatch));

    public async Task ReportAsync(long generation, ReplicaTrouble trouble)
    {
        await WriteAsync(state => Troubles.Take(state, generation, trouble));
        await PublishAsync();
    }

    public async Task WakeAsync(string name, string? payload)
    {
        _again = true;
        await (_acting ??= ActAsync());
    }

    public void Dispose()
    {
        _writing.Dispose();
        _changing.Dispose();
    }

    private async Task<T> ChangeAsync<T>(Func<Task<T>> change)
    {
        await _changing.WaitAsync();
        try
        {
            return await change();
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<Deployment> CreateOnceAsync(string project, DeploymentSpec spec)
    {
        if (State.Status is not DeploymentStatus.New)
        {
            RequireLive();
            return Describe();
        }

        Check(spec);
        await CheckStepsAsync(project, spec);
        await registry.CheckPayloadLogAsync(project, spec);
        var wanted = await registry.ResolveAsync(project, spec);
        await wakeUps.ArmAsync(this);
        await names.ClaimAsync(project, ThingKind.Deployment, spec.Name, Id);
        var now = time.GetUtcNow();
        await WriteAsync(state => With(state, spec, wanted, Id, tryAgain: true) with
        {
            Project = project,
            CreatedAt = now,
            ChangedAt = now,
            Change = Id,
            Changes = [Id],
            SpecRevision = 1,
        });
        await PublishAsync();
        _again = true;
        return Describe();
    }

    private async Task<Deployment> UpdateOnceAsync(Guid changeId, DeploymentSpec spec, string? ifMatch)
    {
        RequireLive();
        if (State.Changes.Contains(changeId))
        {
            return Describe();
        }

        CheckETag(ifMatch);
        Check(spec);
        await CheckStepsAsync(State.Project, spec);
        await registry.CheckPayloadLogAsync(State.Project, spec);
        Forgive();
        var wanted = await registry.ResolveAsync(State.Project, spec);
        await wakeUps.ArmAsync(this);
        if (spec.Name != State.Spec!.Name)
        {
            await names.RenameAsync(ThingKind.Deployment, Id, spec.Name);
        }

        await WriteAsync(state => With(state, spec, wanted, changeId, tryAgain: true) with
        {
            ChangedAt = time.GetUtcNow(),
            Change = changeId,
            Changes = [.. state.Changes.TakeLast(RememberedChanges - 1), changeId],
            SpecRevision = state.SpecRevision + 1,
        });
        await PublishAsync();
        LogChanged(spec.Name, wanted[0].ModelName, string.Join(", ", wanted.Select(version => version.Version)));
        _again = true;
        return Describe();
    }

    private async Task<bool> DeleteOnceAsync(string? ifMatch)
    {
        RequireLive();
        CheckETag(ifMatch);
        await wakeUps.ArmAsync(this);
        await WriteAsync(state => state with
        {
            Status = DeploymentStatus.Deleted,
            Change = Guid.CreateVersion7(time.GetUtcNow()),
            ChangedAt = time.GetUtcNow(),
            SpecRevision = state.SpecRevision + 1,
        });
        await PublishAsync();
        await names.ReleaseAsync(ThingKind.Deployment, Id);
        LogDeleted(State.Spec!.Name);
        return true;
    }

    private async Task ActAsync()
    {
        // So that the caller holds this task before it can be over.
        await Task.Yield();
        try
        {
            while (_again)
            {
                _again = false;
                await AdvanceAsync();
            }
        }
        finally
        {
            _acting = null;
        }
    }

    private async Task AdvanceAsync()
    {
        await ChangeAsync(AlignNameAsync);
        switch (State.Status)
        {
            case DeploymentStatus.New:
                return;
            case DeploymentStatus.Deleted:
                await RetireAllAsync();
                await PublishAsync();
                await UnloadAsync();
                await AnnounceAsync();
                return;
            default:
                await ChangeAsync(FollowAsync);
                await LoadAllAsync();
                await ChangeAsync(JudgeAsync);
                await PublishAsync();
                await UnloadAsync();
                await RecordLineageAsync();
                await AnnounceAsync();
                return;
        }
    }

    /// <summary>The state is the truth: a creation, rename or deletion that died half way is set right.</summary>
    private async Task<bool> AlignNameAsync()
    {
        if (State.Status is DeploymentStatus.New or DeploymentStatus.Deleted)
        {
            await names.ReleaseAsync(ThingKind.Deployment, Id);
        }
        else if (await names.FindAsync(ThingKind.Deployment, Id) is { } found && found.Name != State.Spec!.Name)
        {
            await names.RenameAsync(ThingKind.Deployment, Id, State.Spec.Name);
        }

        return true;
    }

    /// <summary>A deployment with a policy, or of a model's alias, serves what that means now, not what it meant when it was set.</summary>
    private async Task<bool> FollowAsync()
    {
        if (State.Status is DeploymentStatus.Deleted || State.Spec is not { Numbers: null, Unloaded: false } spec || !spec.Follows)
        {
            return false;
        }

        IReadOnlyList<WantedVersion> wanted;
        try
        {
            wanted = await registry.ResolveAsync(State.Project, spec);
        }
        catch (OrleansDLException error) when (error is NotFoundException or InvalidException)
        {
            LogNotFollowed(spec.Name, error.Message);
            return false;
        }

        var change = Guid.CreateVersion7(time.GetUtcNow());
        var next = VersionSet.Change(Versions, wanted, change, tryAgain: false);
        if (next.Select(version => (version.Change, version.Leaving)).SequenceEqual(Versions.Select(version => (version.Change, version.Leaving))))
        {
            return false;
        }

        await WriteAsync(state => With(state, spec, wanted, change, tryAgain: false) with { ChangedAt = time.GetUtcNow(), Change = change });
        LogChanged(spec.Name, wanted[0].ModelName, string.Join(", ", wanted.Select(version => version.Version)));
        return true;
    }

    /// <summary>The state with what a spec wants instead of what was wanted before.</summary>
    private static DeploymentState With(DeploymentState state, DeploymentSpec spec, IReadOnlyList<WantedVersion> wanted, Guid change, bool tryAgain)
    {
        var versions = VersionSet.Change(state.Versions ?? [], wanted, change, tryAgain);
        if (Text(spec.Traffic) != Text(state.Spec?.Traffic))
        {
            state = state with { Canary = spec.Traffic?.Canary is null ? null : new CanaryProgress() };
        }

        return spec.Unloaded
            ? VersionSet.Retire(state, state.Versions ?? []) with { Spec = spec, Status = DeploymentStatus.Unloaded, Reason = Unloaded, Versions = VersionSet.Unload(versions, change) }
            : VersionSet.Settle(state with { Spec = spec, Versions = versions });
    }

    /// <summary>Takes a canary a step on, or back, when its step is over. It stands still while one of both versions does not answer.</summary>
    private async Task<bool> JudgeAsync()
    {
        if (State.Status is DeploymentStatus.Deleted || State.Spec?.Traffic?.Canary is not { } canary || State.Canary is not { Status: CanaryStatus.Running } progress)
        {
            return false;
        }

        var (stable, tried) = (Answering(canary.Stable), Answering(canary.Canary));
        var now = time.GetUtcNow();
        if (stable is null || tried is null)
        {
            await WriteAsync(state => progress.Since is null ? state : state with { Canary = progress with { Since = null } });
            return false;
        }

        var step = TimeSpan.FromSeconds(canary.StepSeconds);
        if (progress.Since is not { } since || now - since < step)
        {
            // The wake-up first: what is written is never forgotten.
            await wakeUps.ArmAsync(this, CanaryWakeUp, progress.Since is { } began ? began + step - now : step);
            await WriteAsync(state => progress.Since is null ? state with { Canary = progress with { Since = now } } : state);
            return true;
        }

        var windows = await GrainFactory.GetGrain<IServingMetricsGrain>(State.Project).QueryAsync(Id.ToString(), since, now, stepSeconds: 0);
        var next = CanaryJudge.Judge(canary, progress, Find(windows, stable), Find(windows, tried), now);
        if (next.Status is CanaryStatus.Running)
        {
            await wakeUps.ArmAsync(this, CanaryWakeUp, next.Step > progress.Step ? step : CanaryGlance);
        }

        await WriteAsync(state => state with { Canary = next });
        LogJudged(State.Spec.Name, canary.Canary, next.Status, next.Step, next.Reason ?? "");
        return true;
    }

    private DeployedVersion? Answering(long number) => Versions.FirstOrDefault(version => version.Answers && version.Number == number);

    private static ServingWindow? Find(IReadOnlyList<ServingWindow> windows, DeployedVersion version) =>
        windows.FirstOrDefault(window => window.ModelVersion == version.Version.Version && window.Model == version.Version.ModelName);

    /// <summary>Loads what is wanted and not there, and whatever answers once more where its workers went. What answers is told to the fronts as it comes.</summary>
    private async Task LoadAllAsync()
    {
        foreach (var version in Versions.OrderBy(version => version.Leaving).ToList())
        {
            if (State.Status is DeploymentStatus.Unloaded or DeploymentStatus.Deleted)
            {
                return;
            }

            if ((version.Error is null || version.Version.Ensemble is not null) && !await IsOnStandbyAsync(version) && await NumberAsync(version) is { } numbered)
            {
                await (numbered.Version.Ensemble is null ? LoadOneAsync(numbered) : LookAsync(numbered));
                await PublishAsync();
            }
        }
    }

    /// <summary>The version with its generation's number; null when it is no longer there.</summary>
    private async Task<DeployedVersion?> NumberAsync(DeployedVersion version)
    {
        if (version.Version.Generation is null)
        {
            var number = await tables.GenerationAsync(Id, State, version);
            await WriteAsync(state => VersionSet.Replace(state, version.Change, known => known with { Version = known.Version with { Generation = number } }));
        }

        return Versions.FirstOrDefault(known => known.Change == version.Change && known.Version.Generation is not null);
    }

    private async Task LoadOneAsync(DeployedVersion version)
    {
        var outcome = await LoadAsync(version.Version, version.Workers);
        await WriteAsync(state => state.Status is not (DeploymentStatus.Deleted or DeploymentStatus.Unloaded) && state.Versions!.Any(known => known.Change == version.Change)
            ? Take(state, version, outcome)
            : VersionSet.Retire(state, [version with { Workers = outcome.Workers }]));
        if (outcome.Workers.Count == 0 && (outcome.Error is null || version.Leaving))
        {
            await wakeUps.ArmAsync(this, after: RetryWithoutWorker);
        }
        else if (outcome is { Workers.Count: 0, Error: { } error })
        {
            LogFailed(State.Spec!.Name, version.Version.ModelName, version.Version.Version, error);
        }
    }

    private static DeploymentState Take(DeploymentState state, DeployedVersion loaded, LoadOutcome outcome)
    {
        var before = state.Versions!.First(known => known.Change == loaded.Change);
        if (before.Answers && before.Workers.SequenceEqual(outcome.Workers))
        {
            return state;
        }

        var changed = VersionSet.Replace(state, loaded.Change, known => known with
        {
            Workers = known.Version.OnDemand ? [] : outcome.Workers,
            Signature = outcome.Signature ?? known.Signature,
            LoadSeconds = known.LoadSeconds ?? (outcome.Signature is null ? null : outcome.Seconds),
            Error = outcome.Workers.Count > 0 || known.Leaving ? null : outcome.Error,
        });
        var settled = VersionSet.Settle(VersionSet.Retire(changed, [before with { Workers = [.. before.Workers.Except(outcome.Workers)] }]));
        return settled.Status is DeploymentStatus.Loading && outcome is { Workers.Count: 0, Error: null } ? settled with { Reason = outcome.Busy ?? NoWorker } : settled;
    }

    private async Task<LoadOutcome> LoadAsync(WantedVersion version, IReadOnlyList<string> preferred)
    {
        var began = time.GetTimestamp();
        return await replicas.LoadAsync(SpecOf(version), State.Spec!.Replicas, preferred) with { Seconds = time.GetElapsedTime(began).TotalSeconds };
    }

    private ReplicaSpec SpecOf(WantedVersion version) => new()
    {
        Deployment = Id,
        DeploymentName = State.Spec!.Name,
        Generation = version.Generation!.Value,
        ModelName = version.ModelName,
        ModelVersion = version.Version,
        Artifact = version.Artifact,
        Batching = version.Batching,
        Sequence = version.Sequence,
        Raw = version.Raw,
        Project = State.Project,
        Isolated = version.Isolated,
        HangSeconds = version.HangSeconds,
        Process = version.Process,
        Device = version.Device,
        WarmUps = State.Spec.Configuration?.WarmUps,
        Runtime = version.Runtime ?? State.Spec.Configuration?.Runtime,
        Ragged = version.Ragged,
        Evictable = version.OnDemand && State.Spec.Residency is not { MinimumReplicas: > 0 },
        Residency = version.OnDemand ? State.Spec.Residency ?? new ResidencySpec() : null,
    };

    /// <summary>Decides the route anew and tells every front when it differs from what they were told.</summary>
    private async Task PublishAsync()
    {
        if (State.Route is not { } before || Text(RouteOf(State) with { Revision = before.Revision }) != Text(before))
        {
            _publishing |= !IsTold();
            await WriteAsync(state => state with { Route = RouteOf(state) with { Revision = state.Revision + 1 } });
        }

        if (_written < State.Revision)
        {
            var written = State.Revision;
            await tables.WriteAsync(Describe() with { Status = State.Status }, State, IsOnStandby(State));
            _written = Math.Max(_written, written);
        }

        var route = State.Route!;
        if (_published < route.Revision)
        {
            await notices.PushAsync(RouteSync.Topic, Text(route));
            await ensembles.WakeAsync(route);
            _published = Math.Max(_published, route.Revision);
        }

        _publishing = _published < State.Route!.Revision;
    }

    private Route RouteOf(DeploymentState from)
    {
        IReadOnlyList<DeployedVersion> versions = from.Status is DeploymentStatus.Deleted ? [] : from.Versions!;
        var answering = VersionSet.Default(versions);
        var shown = (answering ?? VersionSet.Newest(from.Versions!)!).Version;
        return new Route
        {
            Deployment = Id,
            Project = from.Project,
            Name = from.Spec!.Name,
            Revision = 0,
            Public = from.Spec.Public,
            Generation = answering?.Generation,
            ModelName = shown.ModelName,
            ModelVersion = shown.Version,
            Workers = answering?.Workers ?? [],
            Signature = answering?.Signature,
            Batching = answering?.Version.Batching,
            Sequence = answering?.Version.Sequence,
            Reason = answering is null ? from.Reason ?? "its model is being loaded" : Troubles.Of(answering),
            Deleted = from.Status is DeploymentStatus.Deleted,
            Number = shown.Number,
            Configuration = from.Spec.Configuration,
            Ensemble = shown.Ensemble,
            Cache = from.Spec.Cache,
            RateLimit = from.Spec.RateLimit,
            Traffic = TrafficOf(from),
            OnDemand = answering?.Version.OnDemand ?? false,
            LoadSeconds = answering?.LoadSeconds,
            Backend = Backend.NameIn(shown.Artifact),
            PayloadLog = from.Spec.PayloadLog,
            Versions = [.. VersionSet.ByNumber(versions).Select(version => RouteOf(version, from.Status))],
        };
    }

    /// <summary>The traffic as fronts take it: a canary's step is two shares.</summary>
    private static TrafficSpec? TrafficOf(DeploymentState from) => from.Spec!.Traffic is { Canary: { } canary } traffic
        ? traffic with { Canary = null, Shares = CanaryJudge.Shares(canary, from.Canary ?? new CanaryProgress()) }
        : from.Spec.Traffic;

    private static RouteVersion RouteOf(DeployedVersion version, DeploymentStatus status) => new()
    {
        Number = version.Number,
        Generation = version.Answers ? version.Generation : null,
        ModelName = version.Version.ModelName,
        ModelVersion = version.Version.Version,
        Workers = version.Workers,
        Signature = version.Signature,
        Batching = version.Version.Batching,
        Sequence = version.Version.Sequence,
        Ensemble = version.Version.Ensemble,
        OnDemand = version.Version.OnDemand,
        LoadSeconds = version.LoadSeconds,
        Backend = Backend.NameIn(version.Version.Artifact),
        Reason = version.Answers ? Troubles.Of(version) : status is DeploymentStatus.Unloaded ? Unloaded : version.Error,
    };

    private async Task RetireAllAsync()
    {
        if (Versions.Any(version => version.Answers))
        {
            await WriteAsync(state => VersionSet.Retire(state, state.Versions!) with { Versions = [.. state.Versions!.Select(version => version with { Workers = [], Signature = version.Version.OnDemand ? null : version.Signature })] });
        }
    }

    private async Task UnloadAsync()
    {
        foreach (var retired in State.Retired.ToList())
        {
            if (retired.Worker == RetiredReplica.Anywhere)
            {
                await UnloadAnywhereAsync(retired.Generation);
            }

            // A generation that answers again meanwhile stays.
            else if (!Versions.Any(version => version.Generation == retired.Generation && version.Workers.Contains(retired.Worker)))
            {
                await replicas.UnloadAsync(retired.Worker, retired.Generation);
            }

            await WriteAsync(state => state with { Retired = [.. state.Retired.Where(other => other != retired)] });
        }
    }

    private async Task RecordLineageAsync()
    {
        var loaded = Versions.Where(version => version.Signature is not null).ToList();
        var (before, live) = (State.Live ?? [], loaded.Select(version => version.Generation).ToList());
        if (before.SequenceEqual(live))
        {
            return;
        }

        var now = time.GetUtcNow();
        List<LineageNode> nodes = [new() { Id = $"deployment:{Id}", Kind = "deployment", Title = State.Spec!.Name }];
        List<LineageEdge> edges = [];
        foreach (var version in loaded.Where(version => !before.Contains(version.Generation)))
        {
            var node = Node(version.Generation, live: true);
            nodes.Add(node);
            if (version.Version.Ensemble is null)
            {
                edges.Add(new LineageEdge { Source = $"model-version:{version.Version.Model}/{version.Version.Version}", Target = node.Id, Role = "serves", Time = now });
            }

            edges.Add(new LineageEdge { Source = node.Id, Target = $"deployment:{Id}", Role = "answers-for", Time = now });
        }

        nodes.AddRange(before.Except(live).Select(generation => Node(generation, live: false)));
        await lineage.RecordAsync(State.Project, nodes, edges);
        await WriteAsync(state => state with { Live = live });
    }

    private LineageNode Node(long generation, bool live) => new()
    {
        Id = $"generation:{generation}",
        Kind = "generation",
        Title = $"{State.Spec!.Name} generation {generation}",
        Properties = live ? """{"live":true}""" : """{"live":false}""",
    };

    private async Task AnnounceAsync()
    {
        if (State.Status is not (DeploymentStatus.Ready or DeploymentStatus.Failed or DeploymentStatus.Deleted or DeploymentStatus.Unloaded))
        {
            return;
        }

        // One event per change and how it ended, however often this runs.
        var about = $"{State.Change}/{State.Status}";
        var newest = VersionSet.Newest(Versions)!.Version;
        await events.AppendAsync(
            new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(about))[..16]), State.Project, EventTypes.DeploymentChanged, Id,
            new
            {
                Deployment = Id,
                State.Spec!.Name,
                State.Status,
                Generation = VersionSet.Default(Versions)?.Generation,
                newest.ModelName,
                ModelVersion = newest.Version,
                ChangeId = State.Change,
                State.Reason,
            });
    }

    private async Task WriteAsync(Func<DeploymentState, DeploymentState> change)
    {
        await _writing.WaitAsync();
        try
        {
            var changed = change(State);
            if (ReferenceEquals(changed, State))
            {
                return;
            }

            state.State = changed with { Revision = State.Revision + 1 };
            await state.WriteStateAsync();
        }
        catch
        {
            // What is in memory may be ahead of what is stored: begin again from what is stored.
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    private static void Check(DeploymentSpec spec)
    {
        Names.Check(spec.Name, "deployment");
        if (spec.Cache is not null)
        {
            ResponseCacheSpecRules.Check(spec.Cache);
        }

        if (spec.Ensemble is not null)
        {
            CheckEnsemble(spec);
        }
        else if (string.IsNullOrWhiteSpace(spec.Model))
        {
            throw new InvalidException("A deployment names the model it serves: 'name', 'name@3' or 'name@alias'.");
        }

        if (spec.Replicas is < 1 or > MaximumReplicas)
        {
            throw new InvalidException($"replicas {spec.Replicas} is out of range: 1 to {MaximumReplicas}.");
        }

        if (spec.Versions is not null)
        {
            VersionPolicyRules.Check(spec.Versions);
        }
        else if (spec.Numbers is not null && spec.Ensemble is null)
        {
            throw new InvalidException("numbers names the versions behind a version policy: give 'versions' too, for example {\"kind\": \"all\"}.");
        }

        DeviceRules.Check(spec.Device);
        ProcessSpecRules.Check(spec);
        RateLimit.Check(spec.RateLimit);
        if (spec.Traffic is not null)
        {
            TrafficSpecRules.Check(spec.Traffic);
        }

        if (spec.HangSeconds is { } limit and not (>= 0.1 and <= 86400))
        {
            throw new InvalidException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"hangSeconds {limit} is out of range: 0.1 to 86400."));
        }

        if (spec.Batching is not null)
        {
            BatchingSpecRules.Check(spec.Batching);
        }

        if (spec.Residency is not null)
        {
            ResidencySpecRules.Check(spec.Residency);
            if (spec.Sequence is not null || spec.Replicas != 1)
            {
                throw new InvalidException(spec.Sequence is not null
                    ? "residency and sequence do not go together: what a model remembers of its sequences would be lost with an eviction. Leave one of both out."
                    : "replicas is for deployments that stay loaded. Give residency.minimumReplicas and residency.maximumReplicas.");
            }
        }

        if (spec.Sequence is not null)
        {
            SequenceSpecRules.Check(spec.Sequence);
            if (spec.Traffic is not null)
            {
                throw new InvalidException("sequence and traffic do not go together: the requests of a sequence belong to one version. Leave one of both out.");
            }
        }
    }

    private void CheckETag(string? ifMatch)
    {
        if (ifMatch is not null && ifMatch != ETag)
        {
            throw new PreconditionException($"Deployment '{State.Spec!.Name}' was changed meanwhile: its ETag is \"{ETag}\", not \"{ifMatch}\". Get it again and repeat the change.");
        }
    }

    private void RequireLive()
    {
        if (State.Status is DeploymentStatus.New or DeploymentStatus.Deleted)
        {
            throw new NotFoundException($"There is no deployment {Id}. GET /v1/projects/{{project}}/deployments lists them.");
        }
    }

    private string ETag => State.SpecRevision.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private Deployment Describe()
    {
        var (newest, answering) = (VersionSet.Newest(Versions)!.Version, VersionSet.Default(Versions));
        return new Deployment
        {
            Id = Id,
            Project = State.Project,
            Name = State.Spec!.Name,
            Status = State.Status is DeploymentStatus.Ready or DeploymentStatus.Failed && (_publishing || !IsTold()) ? DeploymentStatus.Loading : State.Status,
            Model = State.Spec.Model,
            ModelVersion = newest.Version,
            ServingVersion = answering?.Version.Version,
            Generation = answering?.Generation,
            Replicas = State.Spec.Replicas,
            Workers = answering?.Workers ?? [],
            Public = State.Spec.Public,
            Reason = State.Reason ?? Troubles.Of(answering),
            CreatedAt = State.CreatedAt,
            ChangedAt = State.ChangedAt,
            ETag = ETag,
            ModelId = newest.Ensemble is null ? newest.Model : null,
            Batching = State.Spec.Batching,
            Sequence = State.Spec.Sequence,
            Versions = State.Spec.Versions,
            Served = [.. Versions.Select(Describe)],
            Numbers = State.Spec.Numbers,
            Configuration = State.Spec.Configuration,
            RateLimit = State.Spec.RateLimit,
            Traffic = State.Spec.Traffic,
            PayloadLog = State.Spec.PayloadLog,
            Canary = State.Canary,
            Ensemble = State.Spec.Ensemble,
            Cache = State.Spec.Cache,
            Raw = State.Spec.Raw,
            Residency = State.Spec.Residency,
            Trusted = State.Spec.Trusted,
            HangSeconds = State.Spec.HangSeconds,
            Process = State.Spec.Process,
            Device = State.Spec.Device,
        };
    }

    private DeploymentVersion Describe(DeployedVersion version) => new()
    {
        Number = version.Number,
        ModelVersion = version.Version.Version,
        Status = version.Answers ? DeploymentStatus.Ready
            : State.Status is DeploymentStatus.Unloaded ? DeploymentStatus.Unloaded
            : version.Error is null ? DeploymentStatus.Loading : DeploymentStatus.Failed,
        Generation = version.Version.Generation,
        Workers = version.Workers,
        Reason = version.Error ?? Troubles.Of(version),
        Leaving = version.Leaving,
    };

    /// <summary>Whether the route as last decided leads to what answers now, and says why the rest does not.</summary>
    private bool IsTold() => State.Route is { } route && Text(WithoutTroubles(RouteOf(State)) with { Revision = route.Revision }) == Text(WithoutTroubles(route));

    /// <summary>What goes wrong with a version that answers takes nothing from its being ready.</summary>
    private static Route WithoutTroubles(Route route) => route with
    {
        Reason = route.Generation is null ? route.Reason : null,
        Versions = route.Versions?.Select(version => version.Generation is null ? version : version with { Reason = null }).ToList(),
    };

    private static string Text<T>(T value) => JsonSerializer.Serialize(value, OdlJson.Options);

    [LoggerMessage(LogLevel.Information, "Deployment {Deployment} was asked to serve {Model} version {Versions}")]
    private partial void LogChanged(string deployment, string model, string versions);

    [LoggerMessage(LogLevel.Information, "Deployment {Deployment} was deleted")]
    private partial void LogDeleted(string deployment);

    [LoggerMessage(LogLevel.Information, "The canary of deployment {Deployment}, version {Version}, is {Status} at step {Step}: {Reason}")]
    private partial void LogJudged(string deployment, long version, CanaryStatus status, int step, string reason);

    [LoggerMessage(LogLevel.Warning, "Deployment {Deployment} cannot follow its version policy and serves what it did. {Reason}")]
    private partial void LogNotFollowed(string deployment, string reason);

    [LoggerMessage(LogLevel.Warning, "Deployment {Deployment} could not load {Model} version {Version}; what answered before goes on answering. {Reason}")]
    private partial void LogFailed(string deployment, string model, long version, string reason);
}
