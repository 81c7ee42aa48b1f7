using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansDL.Events;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Nodes;
using OrleansDL.Projects;
using OrleansDL.Timing;

namespace OrleansDL.Serving;

/// <remarks>
/// Reentrant, so that it answers while a model loads. Writes go one after the other through <see cref="WriteAsync"/>, and there is one
/// act at a time: it loads what is wanted, points the route to it, and only when every front knows unloads what was there before.
/// </remarks>
[GrainType("deployment"), Reentrant]
internal sealed partial class DeploymentGrain(
    [PersistentState("state")] IPersistentState<DeploymentState> state,
    WakeUps wakeUps, NameTable names, DeploymentTables tables, NodeNotices notices, EventLog events, LineageLog lineage,
    ReplicaDoor replicas, TimeProvider time, ILogger<DeploymentGrain> logger) : Grain, IDeploymentGrain, IDisposable
{
    private const int MaximumReplicas = 64;
    private const int RememberedChanges = 64;
    private static readonly TimeSpan RetryWithoutWorker = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _writing = new(1);

    // Held by a change from its checks to its write, so that neither another change nor the act comes between.
    private readonly SemaphoreSlim _changing = new(1);
    private Task? _acting;
    private bool _again;
    private long _published;

    // From the moment a route changes until every front knows it, the deployment does not claim to be ready.
    private bool _publishing;

    private Guid Id => this.GetPrimaryKey();

    private DeploymentState State => state.State;

    public Task<Deployment> CreateAsync(string project, DeploymentSpec spec) => ChangeAsync(() => CreateOnceAsync(project, spec));

    public Task<Deployment> GetAsync()
    {
        RequireLive();
        return Task.FromResult(Describe());
    }

    public Task<Deployment> UpdateAsync(Guid changeId, DeploymentSpec spec, string? ifMatch) => ChangeAsync(() => UpdateOnceAsync(changeId, spec, ifMatch));

    public Task DeleteAsync(string? ifMatch) => ChangeAsync(() => DeleteOnceAsync(ifMatch));

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
        var wanted = await ResolveAsync(project, spec);
        await wakeUps.ArmAsync(this);
        await names.ClaimAsync(project, ThingKind.Deployment, spec.Name, Id);
        var now = time.GetUtcNow();
        await WriteAsync(state => state with
        {
            Status = DeploymentStatus.Loading,
            Project = project,
            Spec = spec,
            CreatedAt = now,
            ChangedAt = now,
            Change = Id,
            Changes = [Id],
            SpecRevision = 1,
            Wanted = wanted,
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
        var wanted = await ResolveAsync(State.Project, spec);
        await wakeUps.ArmAsync(this);
        if (spec.Name != State.Spec!.Name)
        {
            await names.RenameAsync(ThingKind.Deployment, Id, spec.Name);
        }

        await WriteAsync(state =>
        {
            // The same version goes on under its number; anything else, and a failed one tried again, gets a new one.
            var same = state.Wanted is { Generation: not null } old && old.Model == wanted.Model && old.Version == wanted.Version && Text(old.Batching) == Text(wanted.Batching) && Text(old.Sequence) == Text(wanted.Sequence) && state.Status is not DeploymentStatus.Failed;
            return state with
            {
                Status = same ? state.Status : DeploymentStatus.Loading,
                Reason = same ? state.Reason : null,
                Spec = spec,
                ChangedAt = time.GetUtcNow(),
                Change = changeId,
                Changes = [.. state.Changes.TakeLast(RememberedChanges - 1), changeId],
                SpecRevision = state.SpecRevision + 1,
                Wanted = same ? state.Wanted : wanted,
            };
        });
        await PublishAsync();
        LogChanged(spec.Name, wanted.ModelName, wanted.Version);
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
                await LoadWantedAsync();
                await KeepServingAsync();
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

    private async Task LoadWantedAsync()
    {
        if (State.Status is DeploymentStatus.Failed)
        {
            return;
        }

        if (State.Wanted!.Generation is null)
        {
            var before = State;
            var number = await tables.GenerationAsync(Id, before);
            await WriteAsync(state => state.Change == before.Change ? state with { Wanted = state.Wanted! with { Generation = number } } : state);
        }

        var change = State.Change;
        var wanted = State.Wanted!;
        if (wanted.Generation is not { } generation)
        {
            // Changed once more meanwhile; the act goes round again.
            return;
        }

        var outcome = await LoadAsync(wanted, State.Serving is { } serving && serving.Number == generation ? serving.Workers : []);
        await WriteAsync(state => state.Wanted!.Generation == generation && state.Status is not DeploymentStatus.Deleted
            ? Take(state, wanted, outcome)
            : state with { Retired = Retire(state.Retired, generation, outcome.Workers) });
        if (outcome.Workers.Count == 0 && outcome.Error is null)
        {
            await wakeUps.ArmAsync(this, after: RetryWithoutWorker);
        }
        else if (outcome.Error is { } error && State.Change == change)
        {
            LogFailed(State.Spec!.Name, wanted.ModelName, wanted.Version, error);
        }
    }

    private static DeploymentState Take(DeploymentState state, WantedVersion wanted, LoadOutcome outcome)
    {
        var generation = wanted.Generation!.Value;
        var old = state.Serving;
        if (outcome.Workers.Count > 0)
        {
            var left = old is null ? [] : old.Number == generation ? old.Workers.Except(outcome.Workers) : old.Workers;
            return state with
            {
                Status = DeploymentStatus.Ready,
                Reason = null,
                Serving = new ServingGeneration { Version = wanted, Signature = outcome.Signature, Workers = outcome.Workers },
                Retired = Retire(state.Retired, old?.Number ?? 0, left),
            };
        }

        return state with
        {
            Status = outcome.Error is null ? DeploymentStatus.Loading : DeploymentStatus.Failed,
            Reason = outcome.Error ?? "No worker is there to serve it. It is loaded when one joins: GET /v1/workers lists them.",
            Serving = old?.Number == generation ? old with { Workers = [] } : old,
        };
    }

    /// <summary>While the wanted version cannot answer, the one before it does, wherever its workers went.</summary>
    private async Task KeepServingAsync()
    {
        if (State.Serving is not { } serving || serving.Number == State.Wanted!.Generation)
        {
            return;
        }

        var outcome = await LoadAsync(serving.Version, serving.Workers);
        if (outcome.Workers.Count == 0)
        {
            await wakeUps.ArmAsync(this, after: RetryWithoutWorker);
        }

        if (!outcome.Workers.SequenceEqual(serving.Workers))
        {
            await WriteAsync(state => state.Serving?.Number == serving.Number
                ? state with
                {
                    Serving = serving with { Workers = outcome.Workers },
                    Retired = Retire(state.Retired, serving.Number, serving.Workers.Except(outcome.Workers)),
                }
                : state);
        }
    }

    private Task<LoadOutcome> LoadAsync(WantedVersion version, IReadOnlyList<string> preferred) => replicas.LoadAsync(
        new ReplicaSpec
        {
            Deployment = Id,
            DeploymentName = State.Spec!.Name,
            Generation = version.Generation!.Value,
            ModelName = version.ModelName,
            ModelVersion = version.Version,
            Artifact = version.Artifact,
            Batching = version.Batching,
            Sequence = version.Sequence,
        },
        State.Spec.Replicas, preferred);

    /// <summary>Decides the route anew and tells every front when it differs from what they were told.</summary>
    private async Task PublishAsync()
    {
        var route = RouteOf(State);
        if (State.Route is null || Text(route with { Revision = State.Route.Revision }) != Text(State.Route))
        {
            _publishing = true;
            await WriteAsync(state => state with { Route = RouteOf(state) with { Revision = state.Revision + 1 } });
        }

        await tables.WriteAsync(Describe() with { Status = State.Status }, State);
        route = State.Route!;
        if (_published < route.Revision)
        {
            await notices.PushAsync(RouteSync.Topic, Text(route));
            _published = Math.Max(_published, route.Revision);
        }

        _publishing = _published < State.Route!.Revision;
    }

    private Route RouteOf(DeploymentState from)
    {
        var answering = from.Status is not DeploymentStatus.Deleted && from.Serving is { Workers.Count: > 0 } ? from.Serving : null;
        return new Route
        {
            Deployment = Id,
            Project = from.Project,
            Name = from.Spec!.Name,
            Revision = 0,
            Public = from.Spec.Public,
            Generation = answering?.Number,
            ModelName = (answering?.Version ?? from.Wanted!).ModelName,
            ModelVersion = (answering?.Version ?? from.Wanted!).Version,
            Workers = answering?.Workers ?? [],
            Signature = answering?.Signature,
            Batching = answering?.Version.Batching,
            Sequence = answering?.Version.Sequence,
            Reason = answering is null ? from.Reason ?? "its model is being loaded" : null,
            Deleted = from.Status is DeploymentStatus.Deleted,
        };
    }

    private async Task RetireAllAsync()
    {
        if (State.Serving is not null)
        {
            await WriteAsync(state => state with
            {
                Serving = null,
                Retired = Retire(state.Retired, state.Serving?.Number ?? 0, state.Serving?.Workers ?? []),
            });
        }
    }

    private async Task UnloadAsync()
    {
        foreach (var retired in State.Retired.ToList())
        {
            // A generation that answers again meanwhile stays.
            if (State.Serving is not { } serving || serving.Number != retired.Generation || !serving.Workers.Contains(retired.Worker))
            {
                await replicas.UnloadAsync(retired.Worker, retired.Generation);
            }

            await WriteAsync(state => state with { Retired = [.. state.Retired.Where(other => other != retired)] });
        }
    }

    private async Task RecordLineageAsync()
    {
        if (State.Serving is not { } serving || serving.Number == State.RecordedGeneration)
        {
            return;
        }

        var now = time.GetUtcNow();
        var version = serving.Version;
        var node = $"generation:{serving.Number}";
        var before = State.RecordedGeneration;
        List<LineageNode> nodes =
        [
            new() { Id = node, Kind = "generation", Title = $"{State.Spec!.Name} generation {serving.Number}", Properties = """{"live":true}""" },
            new() { Id = $"deployment:{Id}", Kind = "deployment", Title = State.Spec.Name },
        ];
        if (before > 0)
        {
            nodes.Add(new LineageNode { Id = $"generation:{before}", Kind = "generation", Title = $"{State.Spec.Name} generation {before}", Properties = """{"live":false}""" });
        }

        await lineage.RecordAsync(
            State.Project,
            nodes,
            [
                new LineageEdge { Source = $"model-version:{version.Model}/{version.Version}", Target = node, Role = "serves", Time = now },
                new LineageEdge { Source = node, Target = $"deployment:{Id}", Role = "answers-for", Time = now },
            ]);
        await WriteAsync(state => state with { RecordedGeneration = serving.Number });
    }

    private async Task AnnounceAsync()
    {
        if (State.Status is not (DeploymentStatus.Ready or DeploymentStatus.Failed or DeploymentStatus.Deleted))
        {
            return;
        }

        // One event per change and how it ended, however often this runs.
        var about = $"{State.Change}/{State.Status}";
        await events.AppendAsync(
            new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(about))[..16]), State.Project, EventTypes.DeploymentChanged, Id,
            new
            {
                Deployment = Id,
                State.Spec!.Name,
                State.Status,
                Generation = State.Serving?.Number,
                ModelName = State.Wanted!.ModelName,
                ModelVersion = State.Wanted.Version,
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

    private async Task<WantedVersion> ResolveAsync(string project, DeploymentSpec spec)
    {
        var version = await GrainFactory.GetGrain<IModelsGrain>(project).ResolveAsync(spec.Model);
        return new WantedVersion { Model = version.Model, ModelName = version.ModelName, Version = version.Version, Artifact = version.Artifact, Batching = spec.Batching, Sequence = spec.Sequence };
    }

    private static void Check(DeploymentSpec spec)
    {
        Names.Check(spec.Name, "deployment");
        if (string.IsNullOrWhiteSpace(spec.Model))
        {
            throw new InvalidException("A deployment names the model it serves: 'name', 'name@3' or 'name@alias'.");
        }

        if (spec.Replicas is < 1 or > MaximumReplicas)
        {
            throw new InvalidException($"replicas {spec.Replicas} is out of range: 1 to {MaximumReplicas}.");
        }

        if (spec.Batching is not null)
        {
            BatchingSpecRules.Check(spec.Batching);
        }

        if (spec.Sequence is not null)
        {
            SequenceSpecRules.Check(spec.Sequence);
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

    private Deployment Describe() => new()
    {
        Id = Id,
        Project = State.Project,
        Name = State.Spec!.Name,
        Status = State.Status is DeploymentStatus.Ready && (_publishing || State.Route?.Generation != State.Serving?.Number) ? DeploymentStatus.Loading : State.Status,
        Model = State.Spec.Model,
        ModelVersion = State.Wanted!.Version,
        ServingVersion = State.Serving is { Workers.Count: > 0 } ? State.Serving.Version.Version : null,
        Generation = State.Serving is { Workers.Count: > 0 } ? State.Serving.Number : null,
        Replicas = State.Spec.Replicas,
        Workers = State.Serving?.Workers ?? [],
        Public = State.Spec.Public,
        Reason = State.Reason,
        CreatedAt = State.CreatedAt,
        ChangedAt = State.ChangedAt,
        ETag = ETag,
        ModelId = State.Wanted.Model,
        Batching = State.Spec.Batching,
        Sequence = State.Spec.Sequence,
    };

    private static List<RetiredReplica> Retire(IReadOnlyList<RetiredReplica> retired, long generation, IEnumerable<string> workers) =>
        [.. retired.Union(workers.Select(worker => new RetiredReplica { Generation = generation, Worker = worker }))];

    private static string Text<T>(T value) => JsonSerializer.Serialize(value, OdlJson.Options);

    [LoggerMessage(LogLevel.Information, "Deployment {Deployment} was asked to serve {Model} version {Version}")]
    private partial void LogChanged(string deployment, string model, long version);

    [LoggerMessage(LogLevel.Information, "Deployment {Deployment} was deleted")]
    private partial void LogDeleted(string deployment);

    [LoggerMessage(LogLevel.Warning, "Deployment {Deployment} could not load {Model} version {Version}; what answered before goes on answering. {Reason}")]
    private partial void LogFailed(string deployment, string model, long version, string reason);
}
