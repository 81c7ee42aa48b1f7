using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Validation;
using OrleansDL.Events;
using OrleansDL.Lineage;
using OrleansDL.Projects;
using OrleansDL.Timing;

namespace OrleansDL.Datasets;

[GrainType("dataset")]
internal sealed partial class DatasetGrain(
    [PersistentState("state")] IPersistentState<DatasetState> state,
    DatasetTable table, NameTable names, WakeUps wakeUps, EventLog events, LineageLog lineage, BlobStore blobs, TimeProvider time, ILogger<DatasetGrain> logger)
    : Grain, IDatasetGrain
{
    private Guid Id => this.GetPrimaryKey();

    public async Task<Dataset> CreateAsync(string project, DatasetSpec spec)
    {
        Names.Check(spec.Name, "dataset");
        if (!Enum.IsDefined(spec.Kind))
        {
            throw new InvalidException($"{(int)spec.Kind} is no kind of dataset. The kinds are table, image, text and files.");
        }

        if (spec.Description?.Length > 4096)
        {
            throw new InvalidException("A dataset's description has 4096 characters at most.");
        }

        if (state.State.Project is null)
        {
            // Should this die half-way, the wake-up finds no dataset and frees the name.
            await wakeUps.ArmAsync(this);
            await names.ClaimAsync(project, ThingKind.Dataset, spec.Name, Id);
            await WriteAsync(new DatasetState
            {
                Project = project,
                Kind = spec.Kind,
                Description = spec.Description,
                CreatedAt = time.GetUtcNow(),
                Revision = 1,
                Policy = spec.Policy is null ? null : PolicyRules.Check(spec.Policy),
            });
            await ActAsync();
            await wakeUps.DisarmAsync(this);
            LogCreated(spec.Name, Id, project);
        }

        return await GetAsync();
    }

    public async Task<Dataset> GetAsync()
    {
        var (project, name) = await ExistingAsync();
        return new Dataset
        {
            Id = Id,
            Project = project,
            Name = name,
            Kind = state.State.Kind,
            Description = state.State.Description,
            CreatedAt = state.State.CreatedAt,
            LatestVersion = state.State.LatestVersion,
            Head = state.State.Head,
            ETag = DatasetTable.ETag(Id, state.State.Revision, name),
            Policy = state.State.Policy,
        };
    }

    public async Task<DatasetVersion> CommitAsync(CommitRequest request)
    {
        var (_, name) = await ExistingAsync();
        if (state.State.Pending is not null)
        {
            await ActAsync();
        }

        if (await table.FindByRequestAsync(Id, request.Id) is { } done)
        {
            return done;
        }

        // The table is up to date: what was pending has been acted on, and only this grain writes it.
        var branch = DatasetReference.CheckBranch(request.Version.Branch ?? DatasetReference.Main);
        var head = await table.FindBranchHeadAsync(Id, branch);
        if (request.ExpectedHead != head?.Commit)
        {
            throw new ConflictException($"Branch '{branch}' of dataset '{name}' has moved on to v{head?.Version} since this commit was begun. Commit again on top of it.");
        }

        await CheckNamesAsync(name, branch, request.Version.Tags);
        await wakeUps.ArmAsync(this);
        var version = request.Version with { Dataset = Id, DatasetName = name, Version = state.State.LatestVersion + 1, Kind = state.State.Kind };
        await WriteAsync(state.State with
        {
            LatestVersion = version.Version,
            Head = branch == DatasetReference.Main ? version.Commit : state.State.Head,
            Revision = state.State.Revision + 1,
            Pending = request with { Version = version },
        });
        await ActAsync();
        await wakeUps.DisarmAsync(this);
        LogCommitted(name, version.Version, branch, version.Commit, version.Rows);
        return version;
    }

    public async Task<DatasetVersion> TagAsync(long version, string tag)
    {
        await ExistingAsync();
        DatasetReference.CheckTag(tag);
        if ((await table.TakenAsync(Id, [tag], byBranches: true)).Count > 0)
        {
            throw new ConflictException($"'{tag}' is a branch of the dataset, and a name can only be one of the two. Choose another tag.");
        }

        var found = await table.FindVersionAsync(Id, $"v{version}")
            ?? throw new NotFoundException($"The dataset has no version {version}; its newest is {state.State.LatestVersion}.");
        await table.WriteTagAsync(Id, tag, version);
        return found with { Tags = found.Tags.Append(tag).Distinct().Order(StringComparer.Ordinal).ToArray() };
    }

    public async Task<Dataset> RenameAsync(string name, string? ifMatch)
    {
        await CheckETagAsync(ifMatch);

        // The table of names is the one place where the name stands: renaming is one row.
        await names.RenameAsync(ThingKind.Dataset, Id, Names.Check(name, "dataset"));
        return await GetAsync();
    }

    public async Task<Dataset> SetPolicyAsync(ValidationPolicy policy, string? ifMatch)
    {
        await CheckETagAsync(ifMatch);
        policy = PolicyRules.Check(policy);
        await wakeUps.ArmAsync(this);
        await WriteAsync(state.State with { Policy = policy, Revision = state.State.Revision + 1 });
        await ActAsync();
        await wakeUps.DisarmAsync(this);
        return await GetAsync();
    }

    public async Task DeleteAsync(string? ifMatch)
    {
        if (state.State.Deleted)
        {
            return;
        }

        await CheckETagAsync(ifMatch);
        await wakeUps.ArmAsync(this);
        await WriteAsync(state.State with { Deleted = true, Pending = null });
        await ActAsync();
        await wakeUps.DisarmAsync(this);
        LogDeleted(Id);
    }

    public Task WakeAsync(string name, string? payload) => ActAsync();

    /// <summary>Brings tables, events and lineage to what the state says. May be repeated at any time.</summary>
    private async Task ActAsync()
    {
        var now = state.State;
        if (now.Project is null)
        {
            await names.ReleaseAsync(ThingKind.Dataset, Id);
            return;
        }

        if (now.Deleted)
        {
            foreach (var request in await table.RequestsAsync(Id))
            {
                await blobs.UnreferAsync(BlobOwner(request));
            }

            await table.DeleteAsync(Id);
            await names.ReleaseAsync(ThingKind.Dataset, Id);
            return;
        }

        if (now.Pending is not { } commit)
        {
            await table.WriteAsync(Id, now);
            return;
        }

        var version = commit.Version;
        await table.WriteVersionAsync(commit.Id, version, now.Revision);
        await table.WriteAsync(Id, now);
        var (nodes, edges) = DatasetLineage.Describe(version);
        await lineage.RecordAsync(now.Project, nodes, edges);
        var parent = version.Parent is { } before ? await table.FindVersionAsync(Id, before.ToString()) : null;
        await events.AppendAsync(commit.Id, now.Project, EventTypes.DatasetCommitted, Id, new
        {
            dataset = Id,
            name = version.DatasetName,
            version = version.Version,
            commit = version.Commit,
            branch = version.Branch ?? DatasetReference.Main,
            tags = version.Tags,
            rowsAdded = version.RowsAdded,
            rows = version.Rows,
            schemaChanged = parent is not null && !parent.Schema.SequenceEqual(version.Schema),
            validation = version.Validation is not { } found ? null : new
            {
                errors = found.Errors,
                warnings = found.Warnings,
                infos = found.Infos,
                quarantinedFrom = found.QuarantinedFrom,
            },
        });
        await WriteAsync(now with { Pending = null });
    }

    /// <summary>Under whose name a commit's blobs are kept.</summary>
    public static string BlobOwner(Guid request) => $"dataset-commit:{request}";

    // Names of branches and tags are one namespace, so that name@WORD is never two things.
    private async Task CheckNamesAsync(string name, string branch, IReadOnlyList<string> tags)
    {
        if (tags.Contains(branch) || (await table.TakenAsync(Id, [branch], byBranches: false)).Count > 0)
        {
            throw new InvalidException($"'{branch}' is a tag of dataset '{name}' and cannot be a branch too. Choose another name.");
        }

        if (tags.Count > 0 && await table.TakenAsync(Id, tags, byBranches: true) is [var taken, ..])
        {
            throw new InvalidException($"'{taken}' is a branch of dataset '{name}' and cannot be a tag too. Choose another tag.");
        }
    }

    private async Task WriteAsync(DatasetState next)
    {
        state.State = next;
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // Memory never runs ahead of storage.
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task<(string Project, string Name)> ExistingAsync()
    {
        if (state.State is { Project: not null, Deleted: false } && await names.FindAsync(ThingKind.Dataset, Id) is { } found)
        {
            return found;
        }

        throw new NotFoundException($"There is no dataset {Id} (any more). GET /v1/projects/PROJECT/datasets lists them.");
    }

    private async Task CheckETagAsync(string? ifMatch)
    {
        var dataset = await GetAsync();
        if (ifMatch is not null && ifMatch != dataset.ETag)
        {
            throw new PreconditionException($"Dataset '{dataset.Name}' was changed since you read it (its ETag is now {dataset.ETag}). Read it again and repeat the change.");
        }
    }

    [LoggerMessage(LogLevel.Information, "Dataset {Name} ({Dataset}) was created in project {Project}")]
    private partial void LogCreated(string name, Guid dataset, string project);

    [LoggerMessage(LogLevel.Information, "Dataset {Name} got version {Version} on branch {Branch}, commit {Commit}, {Rows} rows")]
    private partial void LogCommitted(string name, long version, string branch, BlobId commit, long rows);

    [LoggerMessage(LogLevel.Information, "Dataset {Dataset} was deleted")]
    private partial void LogDeleted(Guid dataset);
}
