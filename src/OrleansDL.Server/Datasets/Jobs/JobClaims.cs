using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Jobs;

/// <summary>Who works on a job. The attempt that claimed it last is the one that counts, for as long as it says that it is alive.</summary>
/// <param name="database">The database.</param>
/// <param name="time">The time.</param>
/// <param name="table">A table with <c>id</c>, <c>status</c> (0: under way), <c>attempt</c> and <c>alive_until</c>.</param>
internal sealed class JobClaims(Db database, TimeProvider time, string table)
{
    /// <summary>Begins to work, unless someone does. Answers the attempt's number, or null.</summary>
    public async Task<long?> ClaimAsync(Guid id, TimeSpan alive)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QuerySingleOrDefaultAsync<long?>(
            $"UPDATE {table} SET attempt = attempt + 1, alive_until = @until WHERE id = @id AND status = 0 AND alive_until <= @now RETURNING attempt",
            new { id = id.ToString(), now = time.Now(), until = time.Now() + (long)alive.TotalMicroseconds });
    }

    /// <summary>Says that an attempt still works. False: it was cancelled, or given up for dead and begun again elsewhere.</summary>
    public async Task<bool> KeepAsync(Guid id, long attempt, TimeSpan alive)
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteAsync(
            $"UPDATE {table} SET alive_until = @until WHERE id = @id AND attempt = @attempt AND status = 0",
            new { id = id.ToString(), attempt, until = time.Now() + (long)alive.TotalMicroseconds }) > 0;
    }

    /// <summary>Ends an attempt, so that another one need not wait.</summary>
    public async Task ReleaseAsync(Guid id, long attempt)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync($"UPDATE {table} SET alive_until = 0 WHERE id = @id AND attempt = @attempt", new { id = id.ToString(), attempt });
    }
}
