using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansDL.Database;

namespace OrleansDL.Tests.Hosting;

public sealed class SchemaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;

    [Fact]
    public async Task Scripts_are_applied_once_and_a_newer_or_different_database_is_refused()
    {
        await using var database = ServerNode.NewDatabase(_folder);
        var schema = new Schema(database, TimeProvider.System, NullLogger<Schema>.Instance);
        await schema.ApplyAsync();
        await schema.ApplyAsync();

        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("UPDATE schema_version SET digest = 'other' WHERE number = 1");
        await Assert.ThrowsAsync<ConflictException>(() => schema.ApplyAsync());
        await connection.ExecuteAsync("INSERT INTO schema_version (number, name, digest, applied_at) VALUES (9999, 'future', '', 0)");
        Assert.Contains("newer", (await Assert.ThrowsAsync<ConflictException>(() => schema.ApplyAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_holds_both_dialects()
    {
        const string Script = "CREATE TABLE a (b {bytes}, t {text})\n;;\n--:sqlite\nONE\n;;\n--:postgres\nTWO\n;;\n--:all\nTHREE\n;;\n";

        Assert.Equal(["CREATE TABLE a (b BLOB, t TEXT)", "ONE", "THREE"], Schema.Statements(Script, postgres: false));
        Assert.Equal(["CREATE TABLE a (b BYTEA, t TEXT COLLATE \"C\")", "TWO", "THREE"], Schema.Statements(Script, postgres: true));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
