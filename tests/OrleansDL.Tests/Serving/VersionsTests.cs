using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

/// <summary>Deployments that serve several versions at the same time, over the protocol.</summary>
public sealed class VersionsTests : IAsyncLifetime
{
    private ServingNode _node = null!;

    public async Task InitializeAsync() => _node = await ServingNode.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Every_version_of_a_set_answers_by_its_number_and_has_statistics_of_its_own()
    {
        await RegisterAsync(3);
        await DeployAsync(new VersionPolicy { Kind = VersionPolicyKind.Specific, Versions = [1, 3] });
        using var client = _node.Client();

        Assert.Equal((3, 8f), await InferAsync(client, null));
        Assert.Equal((1, 6f), await InferAsync(client, 1));
        Assert.Equal((3, 8f), await InferAsync(client, 3));
        await ExpectAsync(client, "GET", "/v2/models/m/versions/2", HttpStatusCode.NotFound, "Request for unknown model: 'm' version 2 is not found");
        await ExpectAsync(client, "GET", "/v2/models/m", HttpStatusCode.OK, "\"versions\":[\"1\",\"3\"]");
        await ExpectAsync(client, "GET", "/v2/models/m/versions/1", HttpStatusCode.OK, "\"versions\":[\"1\"]");
        await ExpectAsync(client, "GET", "/v2/models/m/versions/1/config", HttpStatusCode.OK, "\"versions\":[1]");
        await ExpectAsync(client, "POST", "/v2/repository/index", HttpStatusCode.OK, """{"name":"m","version":"1","state":"READY"},{"name":"m","version":"3","state":"READY"}""");
        using var statistics = JsonDocument.Parse(await client.GetStringAsync("/v2/models/m/stats"));
        Assert.Equal(
            [("1", 1), ("3", 2)],
            statistics.RootElement.GetProperty("model_stats").EnumerateArray().Select(model => (model.GetProperty("version").GetString()!, model.GetProperty("inference_count").GetInt32())));
    }

    [Fact]
    public async Task A_policy_follows_the_model_and_loses_no_request()
    {
        await RegisterAsync(2);
        var deployment = await DeployAsync(new VersionPolicy { Count = 2 });
        using var stop = new CancellationTokenSource();
        using var client = _node.Client();
        var load = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => LoadAsync(client, stop.Token))));

        await _node.RegisterAsync(3);
        var three = await _node.UntilAsync(deployment.Id, current => current is { Status: DeploymentStatus.Ready, ServingVersion: 3 });

        await stop.CancelAsync();
        Assert.True((await load).Sum() > 0);
        Assert.Equal([3, 2], three.Served!.Select(version => version.Number));
        Assert.Equal((2, 7f), await InferAsync(client, 2));
        await ExpectAsync(client, "GET", "/v2/models/m/versions/1", HttpStatusCode.NotFound, "version 1 is not found");

        var broken = await _node.RegisterAsync("no model"u8.ToArray());
        var failed = await _node.UntilAsync(deployment.Id, current => current.Status is DeploymentStatus.Failed);
        Assert.Equal([4, 3, 2], failed.Served!.Select(version => version.Number));
        Assert.Equal((3, 8f), await InferAsync(client, null));
        await ExpectAsync(client, "GET", $"/v2/models/m/versions/{broken.Version}/ready", HttpStatusCode.ServiceUnavailable, "\"ready\":false");
        await ExpectAsync(client, "POST", "/v2/repository/index", HttpStatusCode.OK, "\"version\":\"4\",\"state\":\"UNAVAILABLE\",\"reason\":\"");
        await ExpectAsync(client, "GET", "/v2/models/m/versions/4", HttpStatusCode.ServiceUnavailable, "Request for unknown model: 'm' version 4 is not at ready state: ");
    }

    [Fact]
    public async Task A_set_is_ready_again_after_a_restart_under_the_same_generations()
    {
        await RegisterAsync(2);
        var before = await DeployAsync(new VersionPolicy { Kind = VersionPolicyKind.All });

        await _node.RestartAsync();

        var after = await _node.UntilAsync(before.Id, current => current.Served!.All(version => version is { Status: DeploymentStatus.Ready, Workers.Count: 1 }));
        Assert.Equal(before.Served!.Select(version => version.Generation), after.Served!.Select(version => version.Generation));
        using var client = _node.Client();
        Assert.Equal((1, 6f), await InferAsync(client, 1));
        Assert.Equal((2, 7f), await InferAsync(client, null));
    }

    [Fact]
    public async Task A_policy_that_cannot_be_met_is_refused_by_name()
    {
        await RegisterAsync(1);

        await RefusedAsync("versions.count is 0", ServingNode.Model, new VersionPolicy { Count = 0 });
        await RefusedAsync("versions.versions names 0 versions", ServingNode.Model, new VersionPolicy { Kind = VersionPolicyKind.Specific });
        await RefusedAsync("names a version twice", ServingNode.Model, new VersionPolicy { Kind = VersionPolicyKind.Specific, Versions = [1, 1] });
        await RefusedAsync("names the model alone", ServingNode.Model + "@1", new VersionPolicy());
        var missing = await Assert.ThrowsAsync<NotFoundException>(() => CreateAsync(ServingNode.Model, new VersionPolicy { Kind = VersionPolicyKind.Specific, Versions = [1, 7] }));
        Assert.Contains("has no version 7", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Traffic_goes_where_the_deployment_says_and_a_version_asked_for_still_answers()
    {
        await RegisterAsync(2);
        var deployment = await DeployAsync(new VersionPolicy { Kind = VersionPolicyKind.All });
        var grain = _node.Grains.GetGrain<IDeploymentGrain>(deployment.Id);
        var spec = new DeploymentSpec { Name = "m", Model = ServingNode.Model, Versions = deployment.Versions };
        using var client = _node.Client();

        await grain.UpdateAsync(Guid.CreateVersion7(), spec with { Traffic = new TrafficSpec { Shares = [Share(1, 100), Share(2, 0)], Rules = [new TrafficRule { Header = "group", Value = "beta", Version = 2 }] } }, null);
        Assert.Equal((1, 6f), await InferAsync(client, null));
        Assert.Equal((2, 7f), await InferAsync(client, 2));
        using var beta = _node.Client();
        beta.DefaultRequestHeaders.Add("group", "beta");
        Assert.Equal((2, 7f), await InferAsync(beta, null));
        Assert.Equal((1, 6f), await InferAsync(beta, 1));

        var changed = await grain.UpdateAsync(Guid.CreateVersion7(), spec with { Traffic = new TrafficSpec { Canary = new CanarySpec { Stable = 1, Canary = 2 } } }, null);
        Assert.Equal(CanaryStatus.Running, changed.Canary!.Status);
        await _node.UntilAsync(deployment.Id, current => current.Canary!.Since is not null);
        Assert.Null((await grain.UpdateAsync(Guid.CreateVersion7(), spec, null)).Canary);
        Assert.Equal((2, 7f), await InferAsync(client, null));
    }

    [Fact, Trait("Category", "Slow")]
    public async Task A_canary_under_load_is_promoted_with_no_one_calling()
    {
        await RegisterAsync(2);
        var deployment = await DeployAsync(new VersionPolicy { Kind = VersionPolicyKind.All });
        var canary = new CanarySpec { Stable = 1, Canary = 2, Steps = [50], StepSeconds = 20, MinimumRequests = 20, MaximumLatencyRatio = 0 };
        using var stop = new CancellationTokenSource();
        using var client = _node.Client();
        await _node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = "m", Model = ServingNode.Model, Versions = deployment.Versions, Traffic = new TrafficSpec { Canary = canary } }, null);
        var load = Task.Run(() => LoadAsync(client, stop.Token));

        var promoted = await _node.UntilAsync(deployment.Id, current => current is { Status: DeploymentStatus.Ready, Canary.Status: not CanaryStatus.Running });

        await stop.CancelAsync();
        await load;
        Assert.Equal(CanaryStatus.Promoted, promoted.Canary!.Status);
        Assert.Equal((2, 7f), await InferAsync(client, null));
    }

    [Fact, Trait("Category", "Slow")]
    public async Task A_canary_that_fails_under_load_is_taken_back_with_no_one_calling()
    {
        // What the first version answers at once the second never comes to an end with.
        await _node.RegisterAsync(1);
        await _node.RegisterAsync(LoopModel.Write());
        var deployment = await DeployAsync(new VersionPolicy { Kind = VersionPolicyKind.All });
        var canary = new CanarySpec { Stable = 1, Canary = 2, Steps = [50, 90], StepSeconds = 20, MinimumRequests = 20, MaximumLatencyRatio = 0 };
        await _node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = "m", Model = ServingNode.Model, Versions = deployment.Versions, HangSeconds = 0.2, Traffic = new TrafficSpec { Canary = canary } }, null);
        using var stop = new CancellationTokenSource();
        using var client = _node.Client();
        var load = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var answer = await SendAsync();
            }
        });

        var judged = await _node.UntilAsync(deployment.Id, current => current.Canary is not { Status: CanaryStatus.Running });

        await stop.CancelAsync();
        await load;
        Assert.Equal(CanaryStatus.RolledBack, judged.Canary!.Status);
        Assert.Contains("of its requests failed, against 0.00", judged.Canary.Reason, StringComparison.Ordinal);
        await _node.UntilAsync(deployment.Id, current => current.Status is DeploymentStatus.Ready);
        for (var request = 0; request < 20; request++)
        {
            using var answer = await SendAsync();
            Assert.Equal((HttpStatusCode.OK, "1"), (answer.StatusCode, answer.Headers.GetValues("odl-model-version").Single()));
        }

        Task<HttpResponseMessage> SendAsync() =>
            client.PostAsync("/v2/models/m/infer", new StringContent("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1e15,1e15,1e15,1e15]}]}"""));
    }

    private static TrafficShare Share(long version, double percent) => new() { Version = version, Percent = percent };

    private async Task RefusedAsync(string message, string model, VersionPolicy policy)
    {
        var error = await Assert.ThrowsAsync<InvalidException>(() => CreateAsync(model, policy));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private async Task RegisterAsync(int versions)
    {
        for (var version = 1; version <= versions; version++)
        {
            await _node.RegisterAsync(version);
        }
    }

    private async Task<Deployment> DeployAsync(VersionPolicy policy) =>
        await _node.UntilAsync((await CreateAsync(ServingNode.Model, policy)).Id, current => current.Status is DeploymentStatus.Ready);

    private Task<Deployment> CreateAsync(string model, VersionPolicy policy) =>
        _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "m", Model = model, Versions = policy });

    private static async Task<int> LoadAsync(HttpClient client, CancellationToken stop)
    {
        var count = 0;
        while (!stop.IsCancellationRequested)
        {
            var (version, answer) = await InferAsync(client, count % 2 == 0 ? null : 2);
            Assert.Equal(5 + version, answer);
            count++;
        }

        return count;
    }

    private static async Task<(int Version, float Answer)> InferAsync(HttpClient client, int? version)
    {
        var path = version is { } number ? string.Create(CultureInfo.InvariantCulture, $"/v2/models/m/versions/{number}/infer") : "/v2/models/m/infer";
        using var body = new StringContent("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[5,5,5,5]}]}""", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {text}");
        using var json = JsonDocument.Parse(text);
        return (
            int.Parse(json.RootElement.GetProperty("model_version").GetString()!, CultureInfo.InvariantCulture),
            json.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
    }

    private static async Task ExpectAsync(HttpClient client, string method, string path, HttpStatusCode status, string text)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await client.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode && body.Contains(text, StringComparison.Ordinal), $"{method} {path}: {answer.StatusCode} {body}");
    }
}
