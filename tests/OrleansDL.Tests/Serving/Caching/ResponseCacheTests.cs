using System.Net;
using System.Text.Json;
using OrleansDL.Serving;
using OrleansDL.Tests.Serving.Ensembles;
using static OrleansDL.Tests.Serving.Ensembles.EnsembleNode;

namespace OrleansDL.Tests.Serving.Caching;

/// <summary>Deployments that keep their answers, over the protocol of one real node.</summary>
public sealed class ResponseCacheTests(EnsembleNode node) : IClassFixture<EnsembleNode>
{
    [Fact]
    public async Task An_equal_request_is_answered_without_a_run_and_told_as_such()
    {
        await DeployAsync("kept", "twice");

        var first = await node.InferAsync("kept", X(3));
        var second = await node.InferAsync("kept", X(3));
        var other = await node.InferAsync("kept", X(4));
        var named = await node.InferAsync("kept", X(3), ""","outputs":[{"name":"y"}],"parameters":{"priority":1,"mine":"x"}""");

        Assert.Equal([6f, 6f, 8f, 6f], new[] { first, second, other, named }.Select(answer => answer.Outputs["y"][0]));
        Assert.Equal(4, new[] { first.Id, second.Id, other.Id, named.Id }.Distinct().Count());
        Assert.Equal((Success: 4, Hits: 1, Misses: 3, Rows: 3, Runs: 3, Computed: 3), await StatisticsAsync("kept"));

        // Classes are made of what is kept: a request for them and one for the numbers are one run, and each gets its own.
        var classified = await node.PostAsync("kept", Body(X(3), ""","outputs":[{"name":"y","parameters":{"classification":1}}]"""));
        Assert.Contains("\"data\":[\"6.000000:0\"]", classified.Body, StringComparison.Ordinal);
        Assert.Equal(6f, (await node.InferAsync("kept", X(3), ""","outputs":[{"name":"y"}]""")).Outputs["y"][0]);
        Assert.Equal((Success: 6, Hits: 2, Misses: 4, Rows: 4, Runs: 4, Computed: 4), await StatisticsAsync("kept"));
        Assert.Contains("\"response_cache\":{\"enable\":true}", await node.Client.GetStringAsync("/v2/models/kept/config"), StringComparison.Ordinal);
        Assert.Contains("orleansdl_serving_cache_requests", await node.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal((Success: 0, Hits: 0, Misses: 0, Rows: 0, Runs: 0, Computed: 0), await StatisticsAsync("plus3"));
    }

    [Fact]
    public async Task Equal_requests_at_the_same_time_are_answered_by_one_run()
    {
        await DeployAsync("together", "twice", new BatchingSpec { MaximumDelayMicroseconds = 300_000 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => node.InferAsync("together", X(7))));

        Assert.All(answers, answer => Assert.Equal(14, answer.Outputs["y"][0]));
        Assert.Equal(10, answers.Select(answer => answer.Id).Distinct().Count());
        Assert.Equal((Success: 10, Hits: 9, Misses: 1, Rows: 1, Runs: 1, Computed: 1), await StatisticsAsync("together"));
    }

    [Theory]
    [InlineData("ensemble", true, false, 1, 1, 0, 0)]
    [InlineData("both", true, true, 1, 1, 0, 1)]
    [InlineData("step", false, true, 0, 0, 1, 1)]
    public async Task An_ensemble_and_its_steps_keep_answers_each_for_itself(string name, bool atTop, bool atStep, int topHits, int topMisses, int stepHits, int stepMisses)
    {
        await node.Node.UntilAsync((await node.Node.Deployments.CreateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = $"{name}-inner", Model = "twice", Cache = atStep ? new ResponseCacheSpec() : null })).Id, current => current.Status is DeploymentStatus.Ready);
        await node.DeployAsync($"{name}-top", Spec("x", "y", Step($"{name}-inner", "x=x -> y=y")), atTop ? new ResponseCacheSpec() : null);

        Assert.Equal(6, (await node.InferAsync($"{name}-top", X(3))).Outputs["y"][0]);
        Assert.Equal(6, (await node.InferAsync($"{name}-top", X(3))).Outputs["y"][0]);

        var (top, inner) = (await StatisticsAsync($"{name}-top"), await StatisticsAsync($"{name}-inner"));
        Assert.Equal((2, topHits, topMisses), (top.Success, top.Hits, top.Misses));
        Assert.Equal((atTop ? 1 : 2, stepHits, stepMisses), (inner.Success, inner.Hits, inner.Misses));
    }

    [Fact]
    public async Task An_answer_that_a_cache_has_no_room_for_is_a_miss_each_time()
    {
        await node.DeployAsync("roomless", Spec("x", "y", Step("twice", "x=x -> y=y")), new ResponseCacheSpec { MaximumBytes = 1024 });
        var rows = $$"""{"inputs":[{"name":"x","shape":[100,4],"datatype":"FP32","data":[{{string.Join(',', Enumerable.Repeat(3, 400))}}]}]}""";

        Assert.Equal(HttpStatusCode.OK, (await node.PostAsync("roomless", rows)).Status);
        Assert.Equal(HttpStatusCode.OK, (await node.PostAsync("roomless", rows)).Status);

        var counted = await StatisticsAsync("roomless");
        Assert.Equal((2, 0, 2), (counted.Success, counted.Hits, counted.Misses));
    }

    [Fact]
    public async Task A_new_version_never_gives_an_answer_of_the_old_one()
    {
        for (var version = 1; version <= 3; version++)
        {
            await node.Node.RegisterAsync(version * 100);
        }

        var deployment = await DeployAsync("moving", $"{ServingNode.Model}@1");
        await node.DeployAsync("above", Spec("x", "y", Step("moving", "x=x -> y=a"), Step("plus1", "x=a -> y=y")), new ResponseCacheSpec());
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var (status, body, headers) = await node.PostAsync("moving", Body(X(1)));
                Assert.Equal(HttpStatusCode.OK, status);
                using var json = JsonDocument.Parse(body);
                var version = int.Parse(headers.GetValues("odl-model-version").Single(), System.Globalization.CultureInfo.InvariantCulture);
                Assert.Equal((version * 100) + 1, json.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
            }
        })));
        for (var version = 1; version <= 3; version++)
        {
            if (version > 1)
            {
                await node.Node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(
                    Guid.CreateVersion7(), new DeploymentSpec { Name = "moving", Model = $"{ServingNode.Model}@{version}", Cache = new ResponseCacheSpec() }, null);
                await node.Node.UntilAsync(deployment.Id, current => current is { Status: DeploymentStatus.Ready } && current.ServingVersion == version);
            }

            for (var again = 0; again < 3; again++)
            {
                Assert.Equal((version * 100) + 1, (await node.InferAsync("moving", X(1))).Outputs["y"][0]);
                Assert.Equal((version * 100) + 2, (await node.InferAsync("above", X(1))).Outputs["y"][0]);
            }
        }

        await stop.CancelAsync();
        await load;
        Assert.Equal(6, (await StatisticsAsync("above")).Hits);
    }

    [Fact]
    public async Task Of_many_mixed_requests_to_a_cache_too_small_for_all_each_gets_its_own_answer()
    {
        await DeployAsync("crowded", "two", cache: new ResponseCacheSpec { MaximumBytes = 8192, Seconds = 0.05 });
        string[] outputs = ["", ""","outputs":[{"name":"up"}]""", ""","outputs":[{"name":"down"}]""", ""","outputs":[{"name":"down"},{"name":"up"}]"""];

        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (var request = 0; request < 150; request++)
            {
                var (value, wanted) = (random.Next(20), random.Next(outputs.Length));
                var answer = (await node.InferAsync("crowded", X(value), outputs[wanted])).Outputs;
                Assert.Equal(wanted is 1 or 2 ? 1 : 2, answer.Count);
                Assert.Equal(value + 10, answer.GetValueOrDefault("up")?[0] ?? value + 10);
                Assert.Equal(value * 10, answer.GetValueOrDefault("down")?[0] ?? value * 10);
            }
        })));
        var (success, hits, misses, rows, _, _) = await StatisticsAsync("crowded");
        Assert.Equal((1200, 1200, misses), (success, hits + misses, rows));
        Assert.True(hits > 0 && misses > 80);
    }

    private async Task<Deployment> DeployAsync(string name, string model, BatchingSpec? batching = null, ResponseCacheSpec? cache = null)
    {
        var deployment = await node.Node.Deployments.CreateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = name, Model = model, Batching = batching, Cache = cache ?? new ResponseCacheSpec() });
        return await node.Node.UntilAsync(deployment.Id, current => current.Status is DeploymentStatus.Ready);
    }

    private async Task<(int Success, int Hits, int Misses, int Rows, int Runs, int Computed)> StatisticsAsync(string model)
    {
        using var json = JsonDocument.Parse(await node.Client.GetStringAsync($"/v2/models/{model}/stats"));
        var found = json.RootElement.GetProperty("model_stats")[0];
        var phases = found.GetProperty("inference_stats");
        return (Count("success"), Count("cache_hit"), Count("cache_miss"), found.GetProperty("inference_count").GetInt32(), found.GetProperty("execution_count").GetInt32(), Count("compute_infer"));

        int Count(string phase) => phases.GetProperty(phase).GetProperty("count").GetInt32();
    }
}
