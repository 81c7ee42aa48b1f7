using System.Data.Common;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Database;

/// <summary>Creates and upgrades the tables: numbered scripts, each applied once, in order, under a lock.</summary>
/// <remarks>A script that has been released never changes; a change is a new script. Lines <c>--:sqlite</c>, <c>--:postgres</c> and
/// <c>--:all</c> say which dialect the lines after them are for; a line <c>;;</c> ends a statement; <c>{bytes}</c>, <c>{text}</c>
/// (ordered by code point) and <c>{bigserial}</c> stand for the dialect's types.</remarks>
public sealed partial class Schema(Db database, TimeProvider time, ILogger<Schema> logger)
{
    // Any number no other program on the same server is likely to lock.
    private const long PostgresLock = 0x6f646c5f736368;

    /// <exception cref="ConflictException">The database was upgraded by a newer version, or its scripts differ from ours.</exception>
    public async Task ApplyAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        if (database.IsPostgres)
        {
            await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@key)", new { key = PostgresLock }, transaction);
        }

        await connection.ExecuteAsync(
            "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, applied_at BIGINT NOT NULL)",
            transaction: transaction);
        var applied = (await connection.QueryAsync<(int Number, string Name, string Digest)>(
            "SELECT number, name, digest FROM schema_version", transaction: transaction)).ToDictionary(row => row.Number);
        var scripts = Scripts().ToList();
        if (applied.Count > 0 && applied.Keys.Max() > scripts[^1].Number)
        {
            throw new ConflictException(
                $"The database was upgraded to schema {applied.Keys.Max()} by a newer OrleansDL; this one knows {scripts[^1].Number}. Start the newer version.");
        }

        foreach (var script in scripts)
        {
            var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script.Text)));
            if (applied.TryGetValue(script.Number, out var row))
            {
                if (row.Digest != digest)
                {
                    throw new ConflictException(
                        $"Schema script {script.Number} ({script.Name}) differs from the one this database was made with. Use the OrleansDL version that made it, or a new database.");
                }

                continue;
            }

            foreach (var statement in Statements(script.Text, database.IsPostgres))
            {
                await ExecuteAsync(connection, transaction, statement, cancellationToken);
            }

            await connection.ExecuteAsync(
                "INSERT INTO schema_version (number, name, digest, applied_at) VALUES (@Number, @Name, @digest, @now)",
                new { script.Number, script.Name, digest, now = time.Now() }, transaction);
            LogApplied(script.Number, script.Name);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    // Not through Dapper: the text of stored Orleans queries holds parameter names that are data here.
    private static async Task ExecuteAsync(DbConnection connection, DbTransaction transaction, string statement, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    internal static IEnumerable<(int Number, string Name, string Text)> Scripts()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string Marker = ".Scripts.";
        return assembly.GetManifestResourceNames()
            .Where(name => name.Contains(Marker, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name =>
            {
                var file = name[(name.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)..^4];
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return (int.Parse(file[..4], System.Globalization.CultureInfo.InvariantCulture), file[5..], reader.ReadToEnd());
            })
            .OrderBy(script => script.Item1);
    }

    internal static IEnumerable<string> Statements(string script, bool postgres)
    {
        var statement = new StringBuilder();
        var ours = true;
        foreach (var line in script.Split('\n'))
        {
            switch (line.Trim())
            {
                case "--:sqlite":
                    ours = !postgres;
                    break;
                case "--:postgres":
                    ours = postgres;
                    break;
                case "--:all":
                    ours = true;
                    break;
                case ";;":
                    if (ours && statement.ToString().Trim() is { Length: > 0 } text)
                    {
                        yield return Translate(text, postgres);
                        statement.Clear();
                    }

                    break;
                default:
                    if (ours)
                    {
                        statement.Append(line).Append('\n');
                    }

                    break;
            }
        }

        if (statement.ToString().Trim() is { Length: > 0 } rest)
        {
            yield return Translate(rest, postgres);
        }
    }

    private static string Translate(string statement, bool postgres) => statement
        .Replace("{bytes}", postgres ? "BYTEA" : "BLOB", StringComparison.Ordinal)
        .Replace("{text}", postgres ? "TEXT COLLATE \"C\"" : "TEXT", StringComparison.Ordinal)
        .Replace("{bigserial}", postgres ? "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY" : "INTEGER PRIMARY KEY AUTOINCREMENT", StringComparison.Ordinal);

    [LoggerMessage(LogLevel.Information, "Applied schema script {Number} ({Name})")]
    private partial void LogApplied(int number, string name);
}
