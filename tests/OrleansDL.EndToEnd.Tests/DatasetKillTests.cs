using System.Net;
using System.Text.Json;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>SIGKILL of the node while commits, merges and prunes go on: what was answered stays, the rest happened wholly or not at all, and goes on by itself.</summary>
[Collection(ProductCollection.Name)]
public sealed class DatasetKillTests(PostgresServer postgres) : IDisposable
{
    private const string Dataset = "/v1/projects/default/datasets/killed";
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(TestDatabase.Sqlite, 2)]
    [InlineData(TestDatabase.Postgres, 1)]
    public Task Commits_merges_and_prunes_survive_kills(TestDatabase database, int kills) => SurviveAsync(database, kills);

    [Theory, Trait("Category", "Slow")]
    [InlineData(TestDatabase.Sqlite)]
    [InlineData(TestDatabase.Postgres)]
    public Task Commits_merges_and_prunes_survive_twenty_kills(TestDatabase database) => SurviveAsync(database, 20);

    public void Dispose() => _folder.Dispose();

    private async Task SurviveAsync(TestDatabase database, int kills)
    {
        var options = await postgres.NodeAsync(database, _folder);
        var node = await OdlProcess.StartAsync(options);
        var answered = new HashSet<string>(StringComparer.Ordinal);
        var random = new Random(7);
        try
        {
            using (var api = node.Api())
            {
                await api.PostAsync("/v1/projects/default/datasets", new { name = "killed", kind = "table" });
                await api.UploadAsync($"{Dataset}/commits?path=first.csv", "a,t\n0,first\n");
                await api.PutAsync($"{Dataset}/retention", new { keepVersions = 3 });
            }

            for (var round = 0; round < kills; round++)
            {
                using (var api = node.Api())
                {
                    // Each pass commits on a branch, merges it and prunes; the kill meets whatever is going on then.
                    var working = WorkAsync(api, round, answered);
                    await Task.WhenAny(working, Task.Delay(random.Next(200, 1500)));
                    await node.KillAsync();
                    await working;
                }

                await node.DisposeAsync();
                node = await OdlProcess.StartAsync(options);
            }

            using var after = node.Api();
            await CheckAsync(after, answered);
        }
        finally
        {
            await node.DisposeAsync();
        }
    }

    private static async Task WorkAsync(Api api, int round, HashSet<string> answered)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                var name = $"r{round}-{i}";
                await api.PostAsync($"{Dataset}/branches", new { name });
                await api.UploadAsync($"{Dataset}/commits?path={name}.csv&branch={name}", $"a,t\n{i},{name}\n");
                await api.UploadAsync($"{Dataset}/commits?path={name}-main.csv", $"a,t\n{i},{name}-main\n");
                answered.Add($"{name}-main.csv");
                var merged = await api.PostAsync($"{Dataset}/branches/main/merge", new { source = name });
                Assert.Equal("merged", merged.GetProperty("outcome").GetString());
                answered.Add($"{name}.csv");
                await api.DeleteAsync($"{Dataset}/branches/{name}");
                await api.PostAsync($"{Dataset}/prune");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // The node is dead.
        }
    }

    private static async Task CheckAsync(Api api, HashSet<string> answered)
    {
        // Nothing that was answered is lost, and every file of the head can be read, also after a last prune.
        await api.PostAsync($"{Dataset}/prune");
        var head = await api.GetAsync($"{Dataset}/versions/main");
        var files = await AllAsync(api, $"{Dataset}/versions/main/files");
        Assert.Empty(answered.Except(files.Select(file => file.GetProperty("path").GetString()!)));
        Assert.Equal(head.GetProperty("files").GetInt64(), files.Count);
        var rows = await AllAsync(api, $"{Dataset}/versions/main/rows");
        Assert.Equal(head.GetProperty("rows").GetInt64(), rows.Count);
        Assert.Equal(files.Count, rows.Select(row => row.GetProperty("t").GetString()).Distinct().Count());

        // Every version is there or says that it is gone; the history leads to the first.
        var log = await AllAsync(api, $"{Dataset}/log");
        Assert.Equal(1, log[^1].GetProperty("version").GetInt32());
        foreach (var version in log.Select(found => found.GetProperty("version").GetInt32()).Take(20))
        {
            var (status, body) = await api.TryAsync(HttpMethod.Get, $"{Dataset}/versions/v{version}/rows?pageSize=1000");
            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Gone, $"v{version}: {(int)status} {body}");
        }

        // And the dataset goes on.
        await api.UploadAsync($"{Dataset}/commits?path=last.csv", "a,t\n0,last\n");
    }

    private static async Task<List<JsonElement>> AllAsync(Api api, string path)
    {
        var all = new List<JsonElement>();
        string? token = null;
        do
        {
            var page = await api.GetAsync($"{path}?pageSize=1000{(token is null ? "" : $"&pageToken={token}")}");
            all.AddRange(page.GetProperty("items").EnumerateArray());
            token = page.TryGetProperty("nextPageToken", out var next) ? next.GetString() : null;
        }
        while (token is not null);
        return all;
    }
}
