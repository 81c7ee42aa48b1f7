using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Branches;
using OrleansDL.Datasets.Retention;
using OrleansDL.Datasets.Validation;
using OrleansDL.Events;
using OrleansDL.Lineage;
using OrleansDL.Projects;
using OrleansDL.Timing;

namespace OrleansDL.Datasets;

[GrainType("dataset")]
internal sealed partial class DatasetGrain(
    [PersistentState("state")] IPersistentState<DatasetState> state,
    DatasetTable table, BranchTable branches, ExpiryTable expiry, RetentionWorker retention, NameTable names, WakeUps wakeUps, EventLog events, LineageLog lineage, BlobStore blobs, TimeProvider time, ILogger<DatasetGrain> logger)
    : Grain, IDatasetGrain
{
    /// <summary>The wake-up for applying the retention.</summary>
    private const string Retention = "retention";

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
            Retention = state.State.Retention,
        };
    }

    public async Task<DatasetVersion> CommitAsync(CommitRequest request)
    {
        var (_, name) = await SettledAsync();

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
        // On a head that is gone a version that takes nothing over may still follow; from elsewhere nothing is begun that is gone.
        foreach (var parent in (request.Version.Parents ?? []).Where(parent => parent != head?.Commit))
        {
            DatasetReference.CheckThere(await table.FindVersionAsync(Id, parent.ToString()) ?? throw new NotFoundException($"Dataset '{name}' has no commit {parent}."));
        }

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
        var found = await TaggableAsync(version, tag);
        await table.WriteTagAsync(Id, tag, version);
        return found with { Tags = found.Tags.Append(tag).Distinct().Order(StringComparer.Ordinal).ToArray() };
    }

    public async Task<DatasetVersion> MoveTagAsync(long version, string tag)
    {
        var found = await TaggableAsync(version, tag);
        await table.MoveTagAsync(Id, tag, version);
        return found with { Tags = found.Tags.Append(tag).Distinct().Order(StringComparer.Ordinal).ToArray() };
    }

    public async Task UntagAsync(string tag, long? version)
    {
        await SettledAsync();
        await table.DeleteTagAsync(Id, DatasetReference.CheckTag(tag), version);
    }

    public async Task<DatasetBranch> SetBranchAsync(Guid request, string branch, BlobId commit, BlobId? expectedHead)
    {
        var (_, name) = await SettledAsync();
        DatasetReference.CheckBranch(branch);
        var target = await table.FindVersionAsync(Id, commit.ToString())
            ?? throw new NotFoundException($"Dataset '{name}' has no commit {commit}. GET .../datasets/{name}/versions lists them.");
        DatasetReference.CheckThere(target);
        var now = await branches.FindAsync(Id, branch);
        if (now?.Head == commit)
        {
            return now;
        }

        if (now?.Head != expectedHead)
        {
            throw new ConflictException(now is null
                ? $"Dataset '{name}' has no branch '{branch}' (any more). Leave the expected head out to make it."
                : expectedHead is null
                    ? $"Dataset '{name}' has a branch '{branch}' already, at v{now.Version} ({now.Head}). Choose another name, or give that commit as the expected head to move it."
                    : $"Branch '{branch}' of dataset '{name}' is at v{now.Version} ({now.Head}) and not at {expectedHead}: someone moved it. Look at it again and repeat.");
        }

        await CheckNamesAsync(name, branch, []);
        await MoveAsync(new BranchMove { Id = request, Branch = branch, Commit = commit, Version = target.Version, From = now?.Version }, branch == DatasetReference.Main ? commit : state.State.Head);
        LogMoved(name, branch, target.Version, commit);
        return await branches.FindAsync(Id, branch) ?? throw new NotFoundException($"Dataset '{name}' has no branch '{branch}' any more.");
    }

    public async Task DeleteBranchAsync(string branch, BlobId? expectedHead)
    {
        var (_, name) = await SettledAsync();
        if (branch == DatasetReference.Main)
        {
            throw new InvalidException("Branch 'main' stays: it is what 'latest' names. Move it instead.");
        }

        var now = await branches.FindAsync(Id, branch) ?? throw new NotFoundException($"Dataset '{name}' has no branch '{branch}'. GET .../datasets/{name}/branches lists them.");
        if (expectedHead is not null && now.Head != expectedHead)
        {
            throw new ConflictException($"Branch '{branch}' of dataset '{name}' is at v{now.Version} ({now.Head}) and not at {expectedHead}: someone moved it. Look at it again and repeat.");
        }

        await MoveAsync(new BranchMove { Id = Guid.CreateVersion7(time.GetUtcNow()), Branch = branch }, state.State.Head);
        LogBranchDeleted(name, branch, now.Version, now.Head);
    }

    public async Task<Dataset> SetRetentionAsync(DatasetRetention retention, string? ifMatch)
    {
        if (retention.KeepVersions < 1 || retention.KeepDays < 1)
        {
            throw new InvalidException("A retention keeps 1 version or more, and versions for 1 day or more. Leave a limit out to have none of its kind.");
        }

        await CheckETagAsync(ifMatch);
        await SettledAsync();

        // An hour to think again; 'prune' applies it at once.
        await wakeUps.ArmAsync(this, Retention, TimeSpan.FromHours(1));
        await wakeUps.ArmAsync(this);
        await WriteAsync(state.State with { Retention = retention, Revision = state.State.Revision + 1 });
        await ActAsync();
        await wakeUps.DisarmAsync(this);
        return await GetAsync();
    }

    public async Task<IReadOnlyList<long>> ExpireAsync(IReadOnlyList<long> versions, string reason, bool purged)
    {
        var (_, name) = await SettledAsync();
        var needed = purged
            ? []
            : (await branches.HeadsAsync(Id)).Values.Concat((await expiry.TagsAsync(Id)).Select(tag => tag.Version)).ToHashSet();
        var going = versions.Where(version => !needed.Contains(version)).ToArray();
        if (going.Length > 0)
        {
            // Should whoever asked die before the blobs are let go of, this goes on with it.
            await wakeUps.ArmAsync(this, Retention, TimeSpan.FromMinutes(5));
            await expiry.WriteAsync(Id, going, time.GetUtcNow(), reason, purged);
            LogExpired(name, going.Length, purged ? "purged" : "let go of", reason);
        }

        return going;
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
        await WriteAsync(state.State with { Deleted = true, Pending = null, PendingMove = null });
        await ActAsync();
        await wakeUps.DisarmAsync(this);
        LogDeleted(Id);
    }

    public async Task WakeAsync(string name, string? payload)
    {
        if (name != Retention)
        {
            await ActAsync();
            return;
        }

        if (state.State is { Project: not null, Deleted: false } now && (now.Retention is { KeepVersions: not null } or { KeepDays: not null } || (await expiry.UncollectedAsync(Id)).Count > 0))
        {
            // Armed before it begins: a node that dies over it is followed by another.
            await wakeUps.ArmAsync(this, Retention, TimeSpan.FromDays(1));
            _ = retention.BeginAsync(Id);
        }
    }

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

            await blobs.UnreferAsync(DatasetCollector.KeptOwner(Id));
            await blobs.UnreferAsync(DatasetCollector.PurgeOwner(Id));
            await table.DeleteAsync(Id);
            await names.ReleaseAsync(ThingKind.Dataset, Id);
            return;
        }

        if (now.PendingMove is { } move)
        {
            await ActAsync(now, move);
            return;
        }

        if (now.Pending is not { } commit)
        {
            await table.WriteAsync(Id, now);
            return;
        }

        if (!await blobs.KeepAsync(BlobOwner(commit.Id)))
        {
            LogUnkept(commit.Version.DatasetName, commit.Version.Version);
        }

        var version = commit.Version;
        await table.WriteVersionAsync(commit.Id, version, now.Revision);
        await table.WriteAsync(Id, now);
        var (nodes, edges) = DatasetLineage.Describe(version);
        await lineage.RecordAsync(now.Project, nodes, edges);

        // A snapshot brings nothing new: what waits for data must not start because something was selected from it.
        if (version.Selection is null)
        {
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
                moved = false,
                validation = version.Validation is not { } found ? null : new
                {
                    errors = found.Errors,
                    warnings = found.Warnings,
                    infos = found.Infos,
                    quarantinedFrom = found.QuarantinedFrom,
                },
            });
        }

        await WriteAsync(now with { Pending = null });
    }

    private async Task ActAsync(DatasetState now, BranchMove move)
    {
        if (move.Commit is not { } commit)
        {
            await branches.DeleteAsync(Id, move.Branch, now.Revision);
        }
        else
        {
            await branches.WriteAsync(Id, new DatasetBranch { Name = move.Branch, Head = commit, Version = move.Version, MovedAt = time.GetUtcNow() }, now.Revision);
        }

        await table.WriteAsync(Id, now);
        if (move.From is { } from && await table.FindVersionAsync(Id, $"v{move.Version}") is { } version)
        {
            // Whoever waits for what is new on a branch is told, whether it came by a commit or, as with a fast-forward, by a move.
            var before = await table.FindVersionAsync(Id, $"v{from}");
            await events.AppendAsync(move.Id, now.Project!, EventTypes.DatasetCommitted, Id, new
            {
                dataset = Id,
                name = version.DatasetName,
                version = version.Version,
                commit = version.Commit,
                branch = move.Branch,
                tags = version.Tags,
                rowsAdded = version.Rows - (before?.Rows ?? 0),
                rows = version.Rows,
                schemaChanged = before is not null && !before.Schema.SequenceEqual(version.Schema),
                moved = true,
            });
        }

        await WriteAsync(now with { PendingMove = null });
    }

    private async Task MoveAsync(BranchMove move, BlobId? head)
    {
        await wakeUps.ArmAsync(this);
        await WriteAsync(state.State with { Revision = state.State.Revision + 1, Head = head, PendingMove = move });
        await ActAsync();
        await wakeUps.DisarmAsync(this);
    }

    private async Task<DatasetVersion> TaggableAsync(long version, string tag)
    {
        await SettledAsync();
        DatasetReference.CheckTag(tag);
        if ((await table.TakenAsync(Id, [tag], byBranches: true)).Count > 0)
        {
            throw new ConflictException($"'{tag}' is a branch of the dataset, and a name can only be one of the two. Choose another tag.");
        }

        var found = await table.FindVersionAsync(Id, $"v{version}")
            ?? throw new NotFoundException($"The dataset has no version {version}; its newest is {state.State.LatestVersion}.");
        DatasetReference.CheckThere(found);
        return found;
    }

    /// <summary>After it the tables say what the state says, and only this grain writes them.</summary>
    private async Task<(string Project, string Name)> SettledAsync()
    {
        var found = await ExistingAsync();
        if (state.State.Pending is not null || state.State.PendingMove is not null)
        {
            await ActAsync();
        }

        return found;
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

    [LoggerMessage(LogLevel.Information, "{Versions} versions of dataset {Name} were {How}: {Reason}")]
    private partial void LogExpired(string name, int versions, string how, string reason);

    [LoggerMessage(LogLevel.Information, "Branch {Branch} of dataset {Name} was moved to version {Version}, commit {Commit}")]
    private partial void LogMoved(string name, string branch, long version, BlobId commit);

    [LoggerMessage(LogLevel.Information, "Branch {Branch} of dataset {Name}, which was at version {Version}, commit {Commit}, was deleted")]
    private partial void LogBranchDeleted(string name, string branch, long version, BlobId commit);

    [LoggerMessage(LogLevel.Error, "The lease of the blobs of version {Version} of dataset {Name} ran out before they were kept: a commit waited too long to be finished. Download the version to see whether its files are there, and commit them again if not")]
    private partial void LogUnkept(string name, long version);

    [LoggerMessage(LogLevel.Information, "Dataset {Dataset} was deleted")]
    private partial void LogDeleted(Guid dataset);
}
