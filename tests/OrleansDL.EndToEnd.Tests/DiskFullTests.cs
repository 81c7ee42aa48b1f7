using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

[Collection(ProductCollection.Name)]
public sealed class DiskFullTests
{
    [Fact]
    public async Task A_full_disk_refuses_the_upload_and_leaves_nothing_behind()
    {
        using var folder = new TempFolder();
        await using var disk = await SmallDisk.MountAsync(megabytes: 4);
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path, Blobs = disk.Path });
        using var api = node.Api();
        await api.PostAsync($"{Scenario.Project}/datasets", new { name = "files", kind = "files" });
        var before = disk.Used();

        var (status, problem) = await CommitAsync(api, 16 << 20);
        Assert.Equal(HttpStatusCode.InsufficientStorage, status);
        Assert.Equal("out-of-space", problem.Text("code"));
        Assert.Equal(before, disk.Used());
        Assert.Equal(0, (await api.GetAsync($"{Scenario.Project}/datasets/files")).GetProperty("latestVersion").GetInt64());

        // The node lives, and what fits is taken.
        Assert.Equal(HttpStatusCode.Created, (await CommitAsync(api, 1 << 20)).Status);
    }

    [Fact]
    public async Task A_full_disk_refuses_many_small_files_and_takes_those_that_fit()
    {
        using var folder = new TempFolder();
        await using var disk = await SmallDisk.MountAsync(megabytes: 4);
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path, Blobs = disk.Path });
        using var api = node.Api();
        await api.PostAsync($"{Scenario.Project}/datasets", new { name = "packs", kind = "files" });
        var before = disk.Used();

        var (status, problem) = await PackAsync(api, files: 800);
        Assert.Equal(HttpStatusCode.InsufficientStorage, status);
        Assert.Equal("out-of-space", problem.Text("code"));
        Assert.Equal(before, disk.Used());

        // The node lives, and what fits is taken.
        var (later, answer) = await PackAsync(api, files: 100);
        Assert.Equal((HttpStatusCode.OK, 100), (later, answer.GetProperty("files").GetArrayLength()));
    }

    private static Task<(HttpStatusCode Status, JsonElement Body)> PackAsync(Api api, int files)
    {
        var random = new Random(files);
        var content = new byte[10_000];
        using var body = new MemoryStream();
        for (var i = 0; i < files; i++)
        {
            random.NextBytes(content);
            body.Write(BitConverter.GetBytes(content.Length));
            body.Write(new byte[32]);
            body.Write(content);
        }

        return api.TryAsync(HttpMethod.Post, $"{Scenario.Project}/datasets/packs/uploads/files", new ByteArrayContent(body.ToArray()));
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> CommitAsync(Api api, int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return await api.TryAsync(HttpMethod.Post, $"{Scenario.Project}/datasets/files/commits?message=big&format=file&path=big-{bytes}.bin&mode=append", body);
    }
}
