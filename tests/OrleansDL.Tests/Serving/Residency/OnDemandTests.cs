using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Blobs;
using OrleansDL.Models;
using OrleansDL.Native;
using OrleansDL.Serving;
using OrleansDL.Serving.Residency;

namespace OrleansDL.Tests.Serving.Residency;

[Collection(nameof(Alone))]
public sealed class OnDemandTests : IAsyncLifetime
{
    private const int Weights = 1 << 20;
    private const int LimitMiB = 8;
    private static readonly ResidencySpec OnDemand = new();
    private ServingNode _node = null!;

    private ModelMemory Memory => _node.Services.GetRequiredService<ModelMemory>();

    public async Task InitializeAsync() => _node = await StartAsync(LimitMiB);

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task More_models_than_there_is_room_for_all_answer_and_the_memory_stays_below_its_limit()
    {
        const int Models = 12;
        var highest = 0L;
        for (var model = 0; model < Models; model++)
        {
            await DeployAsync(model, OnDemand);
            highest = Math.Max(highest, Memory.Describe().UsedBytes);
        }

        using var client = _node.Client();
        await Parallel.ForEachAsync(Enumerable.Range(0, 10 * Models), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, _) =>
        {
            var model = request * 5 % Models;
            Assert.Equal(model + 7f, await InferAsync(client, $"m{model}", 7));
        });

        var host = Memory.Describe();
        Assert.InRange(Math.Max(highest, host.UsedBytes), 1, LimitMiB << 20);
        Assert.InRange(host.Loaded, 5, 7);
        Assert.True(host.Evictions >= Models - 7, $"Only {host.Evictions} were evicted.");
        foreach (var loaded in Memory.List())
        {
            // The weights, and what the runtime keeps beside them.
            Assert.InRange(loaded.Bytes, Weights, 1.5 * Weights);
        }

        var deployments = await _node.Deployments.ListAsync(new PageRequest());
        Assert.All(deployments.Items, deployment => Assert.Equal(DeploymentStatus.Ready, deployment.Status));
    }

    [Fact]
    public async Task After_a_restart_requests_that_come_together_load_their_model_once_and_all_are_answered()
    {
        await DeployAsync(0, OnDemand);
        await DeployAsync(1, new ResidencySpec { Preload = true });
        await _node.RestartAsync();
        await UntilAsync(() => Memory.List().Count > 0);
        Assert.Equal("m1", Assert.Single(Memory.List()).DeploymentName);

        using var client = _node.Client();
        Assert.Equal("READY", (await IndexAsync(client, "m0")).GetProperty("state").GetString());
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(value => InferAsync(client, "m0", value)));

        Assert.Equal(Enumerable.Range(0, 50).Select(value => (float)value), answers);
        Assert.Equal(2, Memory.Describe().Loads);
        Assert.Equal(["w1"], (await _node.Deployments.GetAsync("m0")).Workers);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_any_more_says_why_and_is_not_tried_again_until_it_is_changed()
    {
        var version = await DeployAsync(3, OnDemand);
        await _node.RestartAsync();
        var file = _node.Services.GetRequiredService<BlobStore>().PathOf(version.Artifact["model.onnx"].Blob);
        File.Move(file, file + ".away");
        using var client = _node.Client();

        var first = await RefusedAsync(client, "m3");
        var loads = Memory.Describe().Loads;
        var second = await RefusedAsync(client, "m3");

        Assert.Contains("lacks its file 'model.onnx'", first, StringComparison.Ordinal);
        Assert.Equal(first, second);
        Assert.Equal(loads, Memory.Describe().Loads);
        Assert.Contains("lacks its file", (await _node.Deployments.GetAsync("m3")).Reason, StringComparison.Ordinal);
        var index = await IndexAsync(client, "m3");
        Assert.Equal("UNAVAILABLE", index.GetProperty("state").GetString());
        Assert.Contains("lacks its file", index.GetProperty("reason").GetString(), StringComparison.Ordinal);

        File.Move(file + ".away", file);
        var deployment = await _node.Deployments.GetAsync("m3");
        await _node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "m3", Model = "m3", Residency = OnDemand }, null);
        Assert.Equal(4f, await InferAsync(client, "m3", 1));
    }

    [Fact]
    public async Task A_model_nobody_asks_for_leaves_its_memory_and_comes_back_with_the_next_request()
    {
        // Large enough for what else the process takes and gives back not to count.
        const int Heavy = 48 << 20;
        await _node.DisposeAsync();
        _node = await StartAsync(limitMiB: 64);
        await DeployAsync(4, new ResidencySpec { IdleSeconds = 1 }, Heavy);
        var loaded = NativeMemory.InUse()!.Value;
        await UntilAsync(() => Memory.Describe().UsedBytes == 0);

        // It no longer counts as soon as it leaves; its session is freed after that.
        await UntilAsync(() => loaded - NativeMemory.InUse()!.Value >= 0.9 * Heavy);
        Assert.InRange(loaded - NativeMemory.InUse()!.Value, 0.9 * Heavy, 1.5 * Heavy);
        Assert.Equal(1, Memory.Describe().IdleUnloads);
        Assert.Equal(DeploymentStatus.Ready, (await _node.Deployments.GetAsync("m4")).Status);
        using var client = _node.Client();
        Assert.Equal(11f, await InferAsync(client, "m4", 7));

        var deployment = await _node.Deployments.GetAsync("m4");
        await _node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).DeleteAsync(null);
        await UntilAsync(() => Memory.List().Count == 0);
    }

    [Fact]
    public async Task What_stays_loaded_is_never_evicted_and_a_model_that_never_fits_is_refused_with_the_reason()
    {
        await DeployAsync(5, null, 4 << 20);
        await DeployAsync(6, new ResidencySpec { MinimumReplicas = 1 });
        for (var model = 7; model < 14; model++)
        {
            await DeployAsync(model, OnDemand);
        }

        Assert.Superset(new HashSet<string> { "m5", "m6" }, Memory.List().Where(model => model.Pinned).Select(model => model.DeploymentName).ToHashSet());
        await RegisterAsync(20, 6 << 20);
        var refused = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "m20", Model = "m20", Residency = OnDemand });
        refused = await _node.UntilAsync(refused.Id, current => current.Reason is not null);
        Assert.Contains("never fit", refused.Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidException>(() => _node.Deployments.CreateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = "both", Model = "m5", Residency = OnDemand, Sequence = new SequenceSpec() }));
    }

    [Fact]
    public async Task A_model_in_use_is_never_evicted_whatever_else_is_asked_for()
    {
        const int Others = 12;
        await _node.RegisterAsync(LoopModel.Weigh(Weights), "busy");
        var busy = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "busy", Model = "busy", Residency = OnDemand });
        await _node.UntilAsync(busy.Id, current => current.Status is DeploymentStatus.Ready);
        for (var model = 30; model < 30 + Others; model++)
        {
            await DeployAsync(model, OnDemand);
        }

        using var client = _node.Client();
        using var leaves = new CancellationTokenSource();
        var endless = Assert.ThrowsAnyAsync<OperationCanceledException>(() => SendAsync(client, "busy", LoopModel.Endless, leaves.Token));
        await UntilAsync(() => Memory.List().Any(model => model is { DeploymentName: "busy", Requests: > 0 }));
        var before = Memory.Describe().Evictions;
        for (var request = 0; request < 2 * Others; request++)
        {
            Assert.Equal(37f + (request % Others), await InferAsync(client, $"m{30 + (request % Others)}", 7));
            Assert.Contains(Memory.List(), model => model.DeploymentName == "busy");
        }

        Assert.True(Memory.Describe().Evictions - before >= Others, "There was room for all.");
        await leaves.CancelAsync();
        await endless;
        Assert.Equal(6f, await InferAsync(client, "busy", 3));
    }

    private Task<ModelVersion> RegisterAsync(int model, int bytes) => _node.RegisterAsync(WeightyModel.Write(model, bytes), $"m{model}");

    private static Task<ServingNode> StartAsync(int limitMiB) =>
        ServingNode.StartAsync(new Dictionary<string, string?> { ["Serving:ModelMemoryMiB"] = $"{limitMiB}" });

    private async Task<ModelVersion> DeployAsync(int model, ResidencySpec? residency, int bytes = Weights)
    {
        var version = await RegisterAsync(model, bytes);
        var made = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = $"m{model}", Model = $"m{model}", Residency = residency });
        var ready = await _node.UntilAsync(made.Id, current => current.Status is DeploymentStatus.Ready or DeploymentStatus.Failed);
        Assert.Equal(DeploymentStatus.Ready, ready.Status);
        return version;
    }

    private static async Task<float> InferAsync(HttpClient client, string model, float value)
    {
        using var answer = await SendAsync(client, model, value);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle();
    }

    private static async Task<string> RefusedAsync(HttpClient client, string model)
    {
        using var answer = await SendAsync(client, model, 1);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string model, float value, CancellationToken cancel = default)
    {
        using var body = new StringContent($$"""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[{{value}},1,1,1]}]}""", Encoding.UTF8, "application/json");
        return await client.PostAsync($"/v2/models/{model}/infer", body, cancel);
    }

    private static async Task<JsonElement> IndexAsync(HttpClient client, string model)
    {
        using var answer = await client.PostAsync("/v2/repository/index", null);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == model);
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        // Every load and unloading is told to the node's own directory too; the memory itself is what counts here.
        var limit = Task.Delay(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(limit.IsCompleted, $"It did not happen. Loaded: {string.Join(", ", Memory.List().Select(model => model.DeploymentName))}");
            await Task.Delay(20);
        }
    }
}
