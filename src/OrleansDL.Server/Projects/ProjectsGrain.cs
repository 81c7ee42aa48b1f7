using Dapper;
using Orleans.Concurrency;
using OrleansDL.Database;

namespace OrleansDL.Projects;

[GrainType("projects"), StatelessWorker]
internal sealed class ProjectsGrain(Db database, NameTable names, TimeProvider time) : Grain, IProjectsGrain
{
    private static readonly string[] HistoryTables =
        ["event", "event_head", "event_trigger", "event_stream_position", "idempotency_key", "lineage_node", "lineage_edge", "serving_window", "project_secret"];

    private const string Columns = "id AS Id, name AS Name, description AS Description, public_inference AS PublicInference, created_at AS CreatedAt";

    public async Task<Project> CreateAsync(Guid id, ProjectSpec spec)
    {
        Names.Check(spec.Name, "project");
        CheckDescription(spec);
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO project (name, id, description, public_inference, created_at) VALUES (@Name, @id, @Description, @publicInference, @now) ON CONFLICT DO NOTHING",
            new { spec.Name, id = id.ToString(), spec.Description, publicInference = spec.PublicInference ? 1 : 0, now = time.Now() });
        var project = await GetAsync(spec.Name);
        if (project.Id != id)
        {
            throw new ConflictException($"There is a project '{spec.Name}' already. Choose another name.");
        }

        await names.ForgetProjectsAsync();
        return project;
    }

    public async Task<Project> UpdateAsync(string project, ProjectSpec spec)
    {
        CheckDescription(spec);
        if (spec.Name != project)
        {
            throw new InvalidException($"A project keeps its name: '{project}' cannot become '{spec.Name}'. Create a project of the new name.");
        }

        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "UPDATE project SET description = @Description, public_inference = @publicInference WHERE name = @project",
            new { spec.Description, publicInference = spec.PublicInference ? 1 : 0, project });
        await names.ForgetProjectsAsync();
        return await GetAsync(project);
    }

    public async Task<Project> GetAsync(string project)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM project WHERE name = @project", new { project });
        return row?.ToProject() ?? throw NameTable.MissingProject(project);
    }

    public async Task<Page<Project>> ListAsync(PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>(
            $"SELECT {Columns} FROM project WHERE name > @after ORDER BY name LIMIT @limit", new { after, limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToProject()).ToList().ToPage(page, project => [project.Name]);
    }

    public async Task DeleteAsync(string project)
    {
        await GetAsync(project);
        if (project == Project.Default)
        {
            throw new ConflictException("The project 'default' stays: calls that name no project mean it.");
        }

        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        var counts = (await connection.QueryAsync<(int Kind, long Count)>(
            "SELECT kind, COUNT(*) FROM name WHERE project = @project GROUP BY kind", new { project }, transaction)).ToList();
        if (counts.Count > 0)
        {
            var things = string.Join(", ", counts.Select(row => $"{row.Count} {NameTable.Title((ThingKind)row.Kind)}{(row.Count == 1 ? "" : "s")}"));
            throw new ConflictException($"Project '{project}' still holds {things}. Delete them first.");
        }

        // The next project of this name begins with an empty history.
        foreach (var table in HistoryTables)
        {
            await connection.ExecuteAsync($"DELETE FROM {table} WHERE project = @project", new { project }, transaction);
        }

        await connection.ExecuteAsync("DELETE FROM project WHERE name = @project", new { project }, transaction);
        await transaction.CommitAsync();
        await names.ForgetProjectsAsync();
    }

    private static void CheckDescription(ProjectSpec spec)
    {
        if (spec.Description?.Length > 4096)
        {
            throw new InvalidException("A project's description has 4096 characters at most.");
        }
    }

    private sealed class Row
    {
        public string Id { get; set; } = "";
        public string Name { get; set; } = "";
        public string? Description { get; set; }
        public int PublicInference { get; set; }
        public long CreatedAt { get; set; }

        public Project ToProject() => new()
        {
            Id = Guid.Parse(Id),
            Name = Name,
            Description = Description,
            PublicInference = PublicInference != 0,
            CreatedAt = Micros.ToTime(CreatedAt),
        };
    }
}
