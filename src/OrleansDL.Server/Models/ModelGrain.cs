using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;
using OrleansDL.Events;
using OrleansDL.Lineage;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Timing;

namespace OrleansDL.Models;

/// <summary>One registered model. Its rows are its state; what follows from a row (name, blobs, lineage, events) is finished by the wake-up written with it.</summary>
[GrainType("model")]
internal sealed partial class ModelGrain(
    ModelStore store, WakeUps wakeUps, NameTable names, BlobStore blobs, LineageLog lineage, EventLog events, DeploymentReconciler deployments, TimeProvider time,
    ILogger<ModelGrain> logger)
    : Grain, IModelGrain
{
    private const string Create = "create";
    private const string Rename = "rename";
    private const string Delete = "delete";
    private const string VersionPrefix = "version:";
    private const string AliasPrefix = "alias:";

    private Guid Id => this.GetPrimaryKey();

    public async Task<Model> CreateAsync(string project, ModelSpec spec)
    {
        Names.Check(spec.Name, "model");
        if (spec.Description?.Length > 4096)
        {
            throw new InvalidException("A model's description has 4096 characters at most.");
        }

        if (await store.FindAsync(Id) is { } known)
        {
            return known;
        }

        await wakeUps.ArmAsync(this, Create, ModelStore.Patience, Json(new ModelCreation(project, spec)));
        try
        {
            await names.ClaimAsync(project, ThingKind.Model, spec.Name, Id);
        }
        catch (ConflictException)
        {
            await wakeUps.DisarmAsync(this, Create);
            throw;
        }

        await store.InsertAsync(Id, project, spec);
        await wakeUps.DisarmAsync(this, Create);
        LogCreated(spec.Name, project);
        return await store.GetAsync(Id);
    }

    public Task<Model> GetAsync() => store.GetAsync(Id);

    public async Task<ModelVersion> RegisterAsync(ModelRegistration registration)
    {
        if (registration.Artifact.Count == 0)
        {
            throw new InvalidException("A model version needs at least one file in its artifact.");
        }

        var version = await store.AddVersionAsync(Id, registration, this.GetGrainId(), VersionWakeUp);
        await PublishAsync(version);
        await wakeUps.DisarmAsync(this, VersionWakeUp(version));
        return (await store.FindVersionAsync(Id, version))!;
    }

    public async Task<Model> SetAliasAsync(string alias, long version)
    {
        CheckAlias(alias);
        var model = await store.GetAsync(Id);
        if (version < 0 || version > model.LatestVersion)
        {
            throw new NotFoundException($"Model '{model.Name}' has no version {version}; its newest is {model.LatestVersion}. GET /v1/projects/{model.Project}/models/{model.Name}/versions lists them.");
        }

        var previous = model.Aliases.GetValueOrDefault(alias);
        if (previous == version)
        {
            return model;
        }

        var move = new AliasMove(Id, model.Project, model.Name, alias, version, previous);
        var change = Guid.CreateVersion7(time.GetUtcNow());
        await store.SetAliasAsync(Id, alias, version, this.GetGrainId(), AliasPrefix + change, Json(move));
        await TellAsync(change, move);
        await wakeUps.DisarmAsync(this, AliasPrefix + change);
        LogAliasMoved(model.Name, alias, previous, version);
        return await store.GetAsync(Id);
    }

    public async Task<Model> RenameAsync(string name, string? ifMatch)
    {
        Names.Check(name, "model");
        var model = Match(await store.GetAsync(Id), ifMatch);
        if (model.Name == name)
        {
            return model;
        }

        await wakeUps.ArmAsync(this, Rename, ModelStore.Patience);
        try
        {
            await names.RenameAsync(ThingKind.Model, Id, name);
        }
        catch (ConflictException)
        {
            await wakeUps.DisarmAsync(this, Rename);
            throw;
        }

        await FollowNameAsync();
        await wakeUps.DisarmAsync(this, Rename);
        return await store.GetAsync(Id);
    }

    public async Task DeleteAsync(string? ifMatch)
    {
        var model = Match(await store.GetAsync(Id), ifMatch);
        await RefuseWhileServedAsync(model);
        var deletion = new ModelDeletion(model.LatestVersion);
        await store.DeleteAsync(Id, this.GetGrainId(), Delete, Json(deletion));
        await FinishDeletionAsync(deletion);
        await wakeUps.DisarmAsync(this, Delete);
        LogDeleted(model.Name, model.Project);
        DeactivateOnIdle();
    }

    public async Task WakeAsync(string name, string? payload)
    {
        switch (name)
        {
            case Create:
                await FinishCreationAsync(Read<ModelCreation>(payload));
                break;
            case Rename:
                await FollowNameAsync();
                break;
            case Delete:
                await FinishDeletionAsync(Read<ModelDeletion>(payload));
                break;
            case not null when name.StartsWith(VersionPrefix, StringComparison.Ordinal):
                await PublishAsync(long.Parse(name[VersionPrefix.Length..], CultureInfo.InvariantCulture));
                break;
            case not null when name.StartsWith(AliasPrefix, StringComparison.Ordinal):
                await TellAsync(Guid.Parse(name[AliasPrefix.Length..]), Read<AliasMove>(payload));
                break;
            default:
                break;
        }
    }

    private async Task FinishCreationAsync(ModelCreation creation)
    {
        if (await store.FindAsync(Id) is not null)
        {
            return;
        }

        try
        {
            await names.ClaimAsync(creation.Project, ThingKind.Model, creation.Spec.Name, Id);
        }
        catch (ConflictException)
        {
            // The interrupted call never had the name, and its caller was never told otherwise.
            LogCreationGivenUp(creation.Spec.Name, creation.Project);
            return;
        }

        await store.InsertAsync(Id, creation.Project, creation.Spec);
    }

    private async Task FollowNameAsync()
    {
        if (await names.FindAsync(ThingKind.Model, Id) is not var (_, name) || await store.FindAsync(Id) is not { } model)
        {
            return;
        }

        await store.RenameAsync(Id, name);
        var page = PageRequest.First;
        do
        {
            var versions = await store.ListVersionsAsync(Id, page);
            await lineage.RecordAsync(model.Project, versions.Items.Select(NodeOf), []);
            page = page with { Token = versions.NextPageToken };
        }
        while (page.Token is not null);
    }

    private async Task FinishDeletionAsync(ModelDeletion deletion)
    {
        for (var version = 1L; version <= deletion.LatestVersion; version++)
        {
            await blobs.UnreferAsync(NodeId(version));
        }

        await names.ReleaseAsync(ThingKind.Model, Id);
    }

    private async Task PublishAsync(long number)
    {
        if (await store.FindVersionAsync(Id, number) is not { } version || await store.FindAsync(Id) is not { } model)
        {
            return;
        }

        await blobs.ReferAsync(NodeId(number), version.Artifact.Values.Select(file => file.Blob));
        await lineage.RecordAsync(model.Project, [NodeOf(version)], SourceOf(version) is { } source ? [source] : []);
        await events.AppendAsync(IdOf($"{EventTypes.ModelVersionRegistered}:{NodeId(number)}"), model.Project, EventTypes.ModelVersionRegistered, Id,
            new { model = Id, modelName = version.ModelName, version = number, run = version.Run, metrics = version.Metrics });
        await deployments.ReconcileAsync(Id);
        LogRegistered(model.Name, number);
    }

    private async Task TellAsync(Guid change, AliasMove move)
    {
        await events.AppendAsync(change, move.Project, EventTypes.ModelAliasChanged, Id, move);
        await deployments.ReconcileAsync(Id);
    }

    private async Task RefuseWhileServedAsync(Model model)
    {
        var deployments = GrainFactory.GetGrain<IDeploymentsGrain>(model.Project);
        var page = new PageRequest { Size = PageRequest.MaximumSize };
        do
        {
            var listed = await deployments.ListAsync(page);
            if (listed.Items.FirstOrDefault(deployment => deployment.Status is not DeploymentStatus.Deleted && deployment.ModelId == Id) is { } serving)
            {
                throw new ConflictException(
                    $"Model '{model.Name}' is served by deployment '{serving.Name}'. Delete the deployment, or let it serve another model, first.");
            }

            page = page with { Token = listed.NextPageToken };
        }
        while (page.Token is not null);
    }

    private LineageNode NodeOf(ModelVersion version) => new()
    {
        Id = NodeId(version.Version),
        Kind = "model-version",
        Title = $"{version.ModelName}@{version.Version}",
        Properties = Json(new { version.Metrics, Files = version.Artifact.ToDictionary(file => file.Key, file => file.Value.Blob) }),
    };

    private LineageEdge? SourceOf(ModelVersion version)
    {
        var (source, role) = version switch
        {
            { Run: { } run } => ($"run:{run}", "produced"),
            { DatasetCommit: { } commit } => ($"dataset-version:{commit}", "trained-on"),
            _ => (null, ""),
        };
        return source is null ? null : new LineageEdge { Source = source, Target = NodeId(version.Version), Role = role, Time = version.CreatedAt };
    }

    private string NodeId(long version) => $"model-version:{Id}/{version}";

    private static string VersionWakeUp(long version) => VersionPrefix + version.ToString(CultureInfo.InvariantCulture);

    private static void CheckAlias(string alias)
    {
        Names.Check(alias, "alias");
        if (alias is ModelReference.Latest || long.TryParse(alias, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new InvalidException($"'{alias}' cannot be an alias: numbers name versions, and '{ModelReference.Latest}' always names the newest one.");
        }
    }

    private static Model Match(Model model, string? ifMatch) => ifMatch is null || ifMatch == model.ETag
        ? model
        : throw new PreconditionException($"Model '{model.Name}' has changed: its ETag is \"{model.ETag}\", not \"{ifMatch}\". Read it again and decide anew.");

    // The same fact always has the same id, so that its event is told once.
    private static Guid IdOf(string fact) => new(SHA256.HashData(Encoding.UTF8.GetBytes(fact)).AsSpan(0, 16));

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, OdlJson.Options);

    private static T Read<T>(string? json) => JsonSerializer.Deserialize<T>(json!, OdlJson.Options)!;

    [LoggerMessage(LogLevel.Information, "Model {Model} was created in project {Project}")]
    private partial void LogCreated(string model, string project);

    [LoggerMessage(LogLevel.Information, "Version {Version} of model {Model} was registered")]
    private partial void LogRegistered(string model, long version);

    [LoggerMessage(LogLevel.Information, "Alias {Alias} of model {Model} moved from version {Previous} to {Version}")]
    private partial void LogAliasMoved(string model, string alias, long previous, long version);

    [LoggerMessage(LogLevel.Information, "Model {Model} of project {Project} was deleted")]
    private partial void LogDeleted(string model, string project);

    [LoggerMessage(LogLevel.Information, "Creating model {Model} in project {Project} was given up: another model took the name meanwhile")]
    private partial void LogCreationGivenUp(string model, string project);
}
