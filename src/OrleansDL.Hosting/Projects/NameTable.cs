using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Nodes;

namespace OrleansDL.Projects;

/// <summary>Which id a name stands for. A name is unique within its project and kind; the id stands wherever a name does.</summary>
/// <remarks>Look-ups are cached; a change is pushed to every node, and a cached entry lives two seconds at most.</remarks>
public sealed class NameTable : IDisposable
{
    private const string Topic = "names";
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);
    private readonly Db _database;
    private readonly TimeProvider _time;
    private readonly NodeNotices _notices;
    private readonly IDisposable _subscription;
    private readonly ConcurrentDictionary<(ThingKind Kind, Guid Id), (Entry? Entry, long Until)> _byId = new();
    private readonly ConcurrentDictionary<(string Project, ThingKind Kind, string Name), (Guid Id, long Until)> _byName = new();
    private readonly ConcurrentDictionary<string, (bool Public, long Until)> _projects = new();

    public NameTable(Db database, TimeProvider time, NodeNotices notices)
    {
        _database = database;
        _time = time;
        _notices = notices;
        _subscription = notices.Subscribe(Topic, _ =>
        {
            Forget();
            return Task.CompletedTask;
        });
    }

    /// <summary>Gives a name to a thing. Repeating it for the same thing does nothing.</summary>
    /// <exception cref="ConflictException">Another thing has the name.</exception>
    public async Task ClaimAsync(string project, ThingKind kind, string name, Guid id)
    {
        await using var connection = await _database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO name (project, kind, name, id) VALUES (@project, @kind, @name, @id) ON CONFLICT DO NOTHING",
            new { project, kind = (int)kind, name, id = id.ToString() });
        var owner = await connection.QuerySingleOrDefaultAsync<string>(
            "SELECT id FROM name WHERE project = @project AND kind = @kind AND name = @name", new { project, kind = (int)kind, name });
        if (owner != id.ToString())
        {
            throw new ConflictException($"There is a {Title(kind)} named '{name}' in project '{project}' already. Choose another name.");
        }

        await ForgetEverywhereAsync();
    }

    /// <exception cref="ConflictException">Another thing has the new name.</exception>
    public async Task RenameAsync(ThingKind kind, Guid id, string name)
    {
        await using var connection = await _database.OpenAsync();
        try
        {
            await connection.ExecuteAsync(
                "UPDATE name SET name = @name WHERE kind = @kind AND id = @id", new { kind = (int)kind, id = id.ToString(), name });
        }
        catch (DbException) when (OwnerDiffers(connection, kind, id, name))
        {
            throw new ConflictException($"There is a {Title(kind)} named '{name}' already. Choose another name.");
        }

        await ForgetEverywhereAsync();
    }

    /// <summary>Frees a thing's name. Repeating it does nothing.</summary>
    public async Task ReleaseAsync(ThingKind kind, Guid id)
    {
        await using var connection = await _database.OpenAsync();
        await connection.ExecuteAsync("DELETE FROM name WHERE kind = @kind AND id = @id", new { kind = (int)kind, id = id.ToString() });
        await ForgetEverywhereAsync();
    }

    /// <exception cref="NotFoundException">Nothing of that kind in the project has the name or id.</exception>
    public async Task<Guid> ResolveAsync(string project, ThingKind kind, string nameOrId)
    {
        if (Guid.TryParse(nameOrId, out var id))
        {
            if (await FindAsync(kind, id) is { } found && found.Project == project)
            {
                return id;
            }

            throw Missing(project, kind, nameOrId);
        }

        var key = (project, kind, nameOrId);
        var now = _time.GetTimestamp();
        if (_byName.TryGetValue(key, out var cached) && cached.Until > now)
        {
            return cached.Id;
        }

        await using var connection = await _database.OpenAsync();
        var text = await connection.QuerySingleOrDefaultAsync<string>(
            "SELECT id FROM name WHERE project = @project AND kind = @kind AND name = @nameOrId", new { project, kind = (int)kind, nameOrId });
        if (text is null)
        {
            throw Missing(project, kind, nameOrId);
        }

        id = Guid.Parse(text);
        _byName[key] = (id, now + Ticks(Lifetime));
        return id;
    }

    /// <summary>Project and name of a thing, or null when it has none (any more).</summary>
    public async Task<(string Project, string Name)?> FindAsync(ThingKind kind, Guid id)
    {
        var now = _time.GetTimestamp();
        if (!_byId.TryGetValue((kind, id), out var cached) || cached.Until <= now)
        {
            await using var connection = await _database.OpenAsync();
            var row = await connection.QuerySingleOrDefaultAsync<Entry>(
                "SELECT project AS Project, name AS Name FROM name WHERE kind = @kind AND id = @id", new { kind = (int)kind, id = id.ToString() });
            cached = (row, now + Ticks(Lifetime));
            _byId[(kind, id)] = cached;
        }

        return cached.Entry is { } entry ? (entry.Project, entry.Name) : null;
    }

    /// <summary>How many things of each kind a project holds.</summary>
    public async Task<IReadOnlyDictionary<ThingKind, long>> CountAsync(string project)
    {
        await using var connection = await _database.OpenAsync();
        var rows = await connection.QueryAsync<(int Kind, long Count)>(
            "SELECT kind, COUNT(*) FROM name WHERE project = @project GROUP BY kind", new { project });
        return rows.ToDictionary(row => (ThingKind)row.Kind, row => row.Count);
    }

    /// <exception cref="NotFoundException">There is no such project.</exception>
    public async ValueTask EnsureProjectAsync(string project)
    {
        var now = _time.GetTimestamp();
        if (_projects.TryGetValue(project, out var known) && known.Until > now)
        {
            return;
        }

        await FindProjectAsync(project);
    }

    /// <summary>Whether a project's deployments answer inference without a token.</summary>
    /// <exception cref="NotFoundException">There is no such project.</exception>
    public async ValueTask<bool> IsPublicAsync(string project)
    {
        var now = _time.GetTimestamp();
        return _projects.TryGetValue(project, out var known) && known.Until > now ? known.Public : await FindProjectAsync(project);
    }

    /// <summary>A project was created, changed or deleted.</summary>
    public Task ForgetProjectsAsync() => ForgetEverywhereAsync();

    public static NotFoundException MissingProject(string project) =>
        new($"There is no project '{project}'. GET /v1/projects lists them; an administrator can create one.");

    public static string Title(ThingKind kind) => kind switch
    {
        ThingKind.TrainingRun => "training run",
        ThingKind.WorkflowRun => "workflow run",
        _ => kind.ToString().ToLowerInvariant(),
    };

    public static NotFoundException Missing(string project, ThingKind kind, string nameOrId)
    {
        var list = kind switch
        {
            ThingKind.Project => "/v1/projects",
            ThingKind.TrainingRun => $"/v1/projects/{project}/training-runs",
            ThingKind.WorkflowRun => $"/v1/projects/{project}/workflow-runs",
            ThingKind.Code => $"/v1/projects/{project}/code",
            ThingKind.Study => $"/v1/projects/{project}/studies",
            _ => $"/v1/projects/{project}/{Title(kind)}s",
        };
        return new NotFoundException($"There is no {Title(kind)} '{nameOrId}' in project '{project}'. GET {list} lists them.");
    }

    public void Dispose() => _subscription.Dispose();

    private static bool OwnerDiffers(DbConnection connection, ThingKind kind, Guid id, string name) => connection.ExecuteScalar<long>(
        "SELECT COUNT(*) FROM name AS mine JOIN name AS other ON other.project = mine.project AND other.kind = mine.kind AND other.name = @name AND other.id <> mine.id WHERE mine.kind = @kind AND mine.id = @id",
        new { kind = (int)kind, id = id.ToString(), name }) > 0;

    private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * TimeProvider.System.TimestampFrequency);

    private async Task<bool> FindProjectAsync(string project)
    {
        await using var connection = await _database.OpenAsync();
        var isPublic = await connection.QuerySingleOrDefaultAsync<int?>("SELECT public_inference FROM project WHERE name = @project", new { project })
            ?? throw MissingProject(project);
        _projects[project] = (isPublic != 0, _time.GetTimestamp() + Ticks(Lifetime));
        return isPublic != 0;
    }

    private Task ForgetEverywhereAsync()
    {
        Forget();
        return _notices.PushAsync(Topic, "");
    }

    private void Forget()
    {
        _byId.Clear();
        _byName.Clear();
        _projects.Clear();
    }

    private sealed record Entry(string Project, string Name);
}
