using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace OrleansDL.Tests.Harness;

/// <summary>Makes the database refuse one entry of every workflow's journal, so that a node stands still between two of them.</summary>
internal sealed class JournalStop(OdlOptions node)
{
    /// <summary>What the database says when it refuses; nodes log it.</summary>
    public static string Message(long sequence) => string.Create(CultureInfo.InvariantCulture, $"the test stops the journal at {sequence}");

    public async Task SetAsync(long sequence)
    {
        await using var connection = await OpenAsync();
        await RemoveAsync(connection);
        await connection.ExecuteAsync(connection is NpgsqlConnection
            ? $"""
               CREATE FUNCTION test_stop() RETURNS trigger AS $$
               BEGIN
                 IF NEW.sequence = {sequence} THEN RAISE EXCEPTION '{Message(sequence)}'; END IF;
                 RETURN NEW;
               END $$ LANGUAGE plpgsql;
               CREATE TRIGGER test_stop BEFORE INSERT ON workflow_journal FOR EACH ROW EXECUTE FUNCTION test_stop()
               """
            : $"""
               CREATE TRIGGER test_stop BEFORE INSERT ON workflow_journal WHEN NEW.sequence = {sequence}
               BEGIN SELECT RAISE(ABORT, '{Message(sequence)}'); END
               """);
    }

    public async Task RemoveAsync()
    {
        await using var connection = await OpenAsync();
        await RemoveAsync(connection);
    }

    /// <summary>How long the newest workflow run's journal is and whether its end was told, read past the node: nobody is woken by our looking.</summary>
    public async Task<(long Entries, bool IsOver)> NewestRunAsync()
    {
        await using var connection = await OpenAsync();
        var run = await connection.ExecuteScalarAsync<string?>("SELECT run FROM workflow_journal WHERE sequence = 1 ORDER BY time DESC LIMIT 1");
        var entries = await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM workflow_journal WHERE run = @run", new { run });
        var told = await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM event WHERE type = 'workflow-run.finished' AND subject = @run", new { run });
        return (entries, told > 0);
    }

    private static async Task RemoveAsync(DbConnection connection)
    {
        if (connection is NpgsqlConnection)
        {
            await connection.ExecuteAsync("DROP TRIGGER IF EXISTS test_stop ON workflow_journal; DROP FUNCTION IF EXISTS test_stop()");
        }
        else
        {
            await connection.ExecuteAsync("DROP TRIGGER IF EXISTS test_stop");
        }
    }

    private async Task<DbConnection> OpenAsync()
    {
        DbConnection connection = node.Database is { } database
            ? new NpgsqlConnection(database)
            : new SqliteConnection($"Data Source={Path.Combine(node.Data, "orleansdl.db")};Default Timeout=10;Pooling=False");
        await connection.OpenAsync();
        return connection;
    }
}
