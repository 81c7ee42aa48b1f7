using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using OrleansDL.Identity;
using OrleansDL.Serving;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Limits on how often a deployment, or the holder of a token, may ask.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class RateLimitTests(ProtocolNode node)
{
    // A token comes back after a quarter of an hour: none does during a test.
    private static readonly RateLimit Two = new() { PerSecond = 0.001, Burst = 2 };

    [Fact]
    public async Task A_deployment_answers_its_burst_and_refuses_the_rest_over_every_protocol()
    {
        await DeployAsync("rationed", Two);
        using var client = node.Node.Client();
        Assert.Equal(HttpStatusCode.OK, (await InferAsync(client, "rationed")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await InferAsync(client, "rationed")).StatusCode);

        using var refused = await InferAsync(client, "rationed");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter!.Delta > TimeSpan.FromMinutes(10));
        Assert.StartsWith("Deployment 'rationed' answers 0.001 requests a second and 2 at once. Ask again in ", (await JsonAsync(refused)).GetProperty("error").GetString(), StringComparison.Ordinal);

        var rpc = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.ModelInferAsync(new ModelInferRequest { ModelName = "rationed" }));
        Assert.Equal(StatusCode.ResourceExhausted, rpc.StatusCode);
        using var predict = await client.PostAsJsonAsync("/v1/projects/default/deployments/rationed/predict", new { rows = new[] { 1 } });
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate-limited"), (predict.StatusCode, (await JsonAsync(predict)).GetProperty("code").GetString()));
        Assert.NotNull(predict.Headers.RetryAfter);
        using var text = await client.PostAsJsonAsync("/v2/models/rationed/generate", new { text_input = "a" });
        Assert.Equal(HttpStatusCode.TooManyRequests, text.StatusCode);
        using var openAi = await client.PostAsJsonAsync("/openai/v1/completions", new { model = "rationed", prompt = "a" });
        var error = (await JsonAsync(openAi)).GetProperty("error");
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limit_error", "rate_limit_exceeded"), (openAi.StatusCode, error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));

        // What is no inference is not counted, and what was refused is.
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v2/models/rationed")).StatusCode);
        Assert.Matches("orleansdl_serving_rate_limited_total\\{[^}]*deployment=\"rationed\"[^}]*\\} 5", await client.GetStringAsync("/metrics"));
        Assert.Contains("\"fail\":{\"count\":5", await client.GetStringAsync("/v2/models/rationed/stats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tokens_limit_is_its_own()
    {
        await DeployAsync("shared", null);
        using var admin = node.Node.Client();
        using var first = await ClientAsync(admin, "first", Two);
        using var second = await ClientAsync(admin, "second", null);
        Assert.Equal(HttpStatusCode.OK, (await InferAsync(first, "shared")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await InferAsync(first, "shared")).StatusCode);
        using var refused = await InferAsync(first, "shared");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.StartsWith("The token 'first' may ask 0.001 requests a second and 2 at once.", (await JsonAsync(refused)).GetProperty("error").GetString(), StringComparison.Ordinal);
        for (var request = 0; request < 5; request++)
        {
            Assert.Equal(HttpStatusCode.OK, (await InferAsync(second, "shared")).StatusCode);
        }

        var whoami = (await JsonAsync(await first.GetAsync("/v1/whoami"))).GetProperty("rateLimit");
        Assert.Equal(2, whoami.GetProperty("burst").GetInt32());
    }

    [Fact]
    public async Task A_request_is_taken_again_when_its_time_has_come_and_a_limit_can_be_lifted()
    {
        var deployment = await DeployAsync("refilled", new RateLimit { PerSecond = 20, Burst = 1 });
        using var client = node.Node.Client();
        for (var taken = 0; taken < 3;)
        {
            taken += (await InferAsync(client, "refilled")).StatusCode is HttpStatusCode.OK ? 1 : 0;
        }

        var error = await Assert.ThrowsAsync<InvalidException>(() => DeployAsync("endless", new RateLimit { PerSecond = 0 }));
        Assert.StartsWith("rateLimit.perSecond 0 is out of range", error.Message, StringComparison.Ordinal);
        await node.Node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "refilled", Model = ServingNode.Model }, null);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => Assert.Equal(HttpStatusCode.OK, (await InferAsync(client, "refilled")).StatusCode)));
    }

    private async Task<Deployment> DeployAsync(string name, RateLimit? limit)
    {
        await node.Node.RegisterAsync(1);
        var made = await node.Node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = name, Model = ServingNode.Model, RateLimit = limit });
        return await node.Node.UntilAsync(made.Id, deployment => deployment.Status is DeploymentStatus.Ready);
    }

    private async Task<HttpClient> ClientAsync(HttpClient admin, string title, RateLimit? limit)
    {
        using var response = await admin.PostAsJsonAsync("/v1/tokens", new TokenSpec { Title = title, Role = Role.Viewer, RateLimit = limit }, OdlJson.Options);
        response.EnsureSuccessStatusCode();
        var client = node.Node.Client(withToken: false);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await JsonAsync(response)).GetProperty("secret").GetString());
        return client;
    }

    private static Task<HttpResponseMessage> InferAsync(HttpClient client, string model) =>
        client.PostAsync($"/v2/models/{model}/infer", new StringContent("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"""));

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.Clone();
    }
}
