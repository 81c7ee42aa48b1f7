using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

[Collection(ProductCollection.Name)]
public sealed class NodeTests(PostgresServer postgres) : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory, ClassData(typeof(Databases))]
    public async Task A_node_starts_answers_and_leaves_within_ten_seconds_when_asked_to(TestDatabase database)
    {
        await using var node = await OdlProcess.StartAsync(await postgres.NodeAsync(database, _folder));
        using var open = node.Api(token: "");
        using var admin = node.Api();
        Assert.Equal(System.Net.HttpStatusCode.OK, (await open.TryAsync(HttpMethod.Get, "/health/live")).Status);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await open.TryAsync(HttpMethod.Get, "/health/ready")).Status);
        Assert.Equal("admin", (await admin.GetAsync("/v1/whoami")).GetProperty("role").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["admin.token"]));

        var token = node.Token;
        Assert.InRange(await node.TerminateAsync(TimeSpan.FromSeconds(30)), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(0, node.ExitCode);

        await using var again = await OdlProcess.StartAsync(node.Options);
        Assert.Equal(token, again.Token);
    }

    [Fact]
    public async Task A_second_process_on_the_same_folder_is_refused_with_a_clear_message()
    {
        await using var node = await OdlProcess.StartAsync(await postgres.NodeAsync(TestDatabase.Sqlite, _folder));
        await using var second = OdlProcess.Launch(await postgres.NodeAsync(TestDatabase.Sqlite, _folder));
        await second.ExitedAsync(TimeSpan.FromSeconds(30));
        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains(_folder.Path, second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);

        using var admin = node.Api();
        Assert.Equal("admin", (await admin.GetAsync("/v1/whoami")).GetProperty("role").GetString());
    }

    public void Dispose() => _folder.Dispose();
}
