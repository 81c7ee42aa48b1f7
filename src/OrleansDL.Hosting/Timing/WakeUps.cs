using System.Data.Common;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Timing;

/// <summary>The one durable timer and retry: a row naming a grain, delivered when due, until the grain has done what it had to.</summary>
/// <remarks>Check, arm, write, act: a grain arms a wake-up before it writes an intention, so that whatever dies, someone remembers.</remarks>
public sealed class WakeUps(Db database, TimeProvider time, WakeUpPump pump)
{
    public const string Act = "act";

    /// <summary>Arms (or re-arms) the wake-up <paramref name="name"/> of a grain, due after <paramref name="after"/> (now by default).</summary>
    public Task ArmAsync(IWakeable grain, string name = Act, TimeSpan? after = null, string? payload = null) =>
        ArmAsync(grain.GetGrainId(), name, after, payload);

    /// <inheritdoc cref="ArmAsync(IWakeable, string, TimeSpan?, string)"/>
    public async Task ArmAsync(GrainId grain, string name = Act, TimeSpan? after = null, string? payload = null)
    {
        var due = time.Now() + (long)(after ?? TimeSpan.Zero).TotalMicroseconds;
        await using var connection = await database.OpenAsync();
        await InsertAsync(connection, null, grain, name, due, payload);
        pump.Signal(grain.ToString(), name, due);
    }

    /// <summary>Takes a wake-up back. One that is not armed is fine.</summary>
    public async Task DisarmAsync(IWakeable grain, string name = Act)
    {
        await using var connection = await database.OpenRelaxedAsync();
        await connection.ExecuteAsync(
            "DELETE FROM wake_up WHERE grain = @grain AND name = @name", new { grain = grain.GetGrainId().ToString(), name });
    }

    /// <summary>Payloads of a grain's wake-ups whose name begins with <paramref name="prefix"/> and that are not delivered yet, the earliest due first.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(IWakeable grain, string prefix)
    {
        await using var connection = await database.OpenAsync();
        var payloads = await connection.QueryAsync<string>(
            "SELECT payload FROM wake_up WHERE grain = @grain AND name LIKE @prefix || '%' ORDER BY due, name",
            new { grain = grain.GetGrainId().ToString(), prefix });
        return payloads.ToList();
    }

    /// <summary>Arms a wake-up in a transaction with other rows. After the commit call <see cref="Signal"/>.</summary>
    /// <param name="due">Microseconds since the epoch.</param>
    public static Task InsertAsync(DbConnection connection, DbTransaction? transaction, GrainId grain, string name, long due, string? payload) =>
        connection.ExecuteAsync(
            """
            INSERT INTO wake_up (grain, name, due, payload, version, attempts, claimed_until) VALUES (@grain, @name, @due, @payload, 1, 0, 0)
            ON CONFLICT (grain, name) DO UPDATE SET
              due = excluded.due, payload = excluded.payload, version = wake_up.version + 1, attempts = 0, claimed_until = 0
            """,
            new { grain = grain.ToString(), name, due, payload }, transaction);

    /// <summary>Tells this node's pump of a wake-up that is now committed, so that it need not wait for the sweep.</summary>
    public void Signal(GrainId grain, string name, long due) => pump.Signal(grain.ToString(), name, due);
}
