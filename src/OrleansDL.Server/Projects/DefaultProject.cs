using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Projects;

/// <summary>The project that calls without one mean; it exists from the start.</summary>
internal sealed class DefaultProject(Db database, TimeProvider time)
{
    public async Task EnsureAsync()
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO project (name, id, description, public_inference, created_at) VALUES (@name, @id, NULL, 0, @now) ON CONFLICT DO NOTHING",
            new { name = Project.Default, id = Guid.CreateVersion7(time.GetUtcNow()).ToString(), now = time.Now() });
    }
}
