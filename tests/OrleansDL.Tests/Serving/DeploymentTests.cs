using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Events;
using OrleansDL.Projects;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

public sealed class DeploymentTests : IAsyncLifetime
{
    private ServingNode _node = null!;

    public async Task InitializeAsync() => _node = await ServingNode.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public Task Changing_the_version_under_load_loses_and_mixes_no_request() => SwapUnderLoadAsync(changes: 4, TimeSpan.FromSeconds(1));

    [Fact, Trait("Category", "Slow")]
    public Task Changing_the_version_under_load_for_20_seconds_loses_and_mixes_no_request() => SwapUnderLoadAsync(changes: 20, TimeSpan.FromSeconds(1));

    [Fact]
    public async Task A_version_that_cannot_be_loaded_leaves_the_one_before_it_answering()
    {
        await _node.RegisterAsync(1);
        var deployment = await _node.DeployAsync("digits");
        var broken = await _node.RegisterAsync("no model"u8.ToArray());

        await _node.ServeAsync(deployment, broken.Version);
        var failed = await _node.UntilAsync(deployment.Id, current => current.Status is DeploymentStatus.Failed);

        Assert.Contains("cannot be loaded", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(1, failed.ServingVersion);
        Assert.Equal(2, failed.ModelVersion);
        using var client = _node.Client();
        Assert.Equal((1, 6f), await InferAsync(client, "digits", 5));
    }

    [Fact]
    public async Task A_deployment_is_ready_again_after_a_restart_with_nobody_asking()
    {
        await _node.RegisterAsync(1);
        var before = await _node.DeployAsync("digits");

        await _node.RestartAsync();

        var after = await _node.UntilAsync(before.Id, current => current.Status is DeploymentStatus.Ready && current.Workers.Count == 1);
        Assert.Equal(before.Generation, after.Generation);
        using var client = _node.Client();
        Assert.Equal((1, 6f), await InferAsync(client, "digits", 5));
    }

    [Fact]
    public async Task A_change_is_told_once_however_often_it_is_repeated()
    {
        await _node.RegisterAsync(1);
        var deployment = await _node.DeployAsync("digits");
        await _node.RegisterAsync(2);
        var grain = _node.Grains.GetGrain<IDeploymentGrain>(deployment.Id);
        var change = Guid.CreateVersion7();
        var spec = new DeploymentSpec { Name = "digits", Model = ServingNode.Model };

        var first = await grain.UpdateAsync(change, spec, deployment.ETag);
        await _node.UntilAsync(deployment.Id, current => current.ServingVersion == 2);
        var again = await grain.UpdateAsync(change, spec, deployment.ETag);

        Assert.Equal(first.ETag, again.ETag);
        await Assert.ThrowsAsync<PreconditionException>(() => grain.UpdateAsync(Guid.CreateVersion7(), spec, deployment.ETag));
        await grain.WakeAsync("act", null);
        var events = await _node.Services.GetRequiredService<EventLog>().ReadAsync(Project.Default, 0, 1000);
        Assert.Equal(
            [deployment.Id, change],
            events.Where(told => told.Type == EventTypes.DeploymentChanged)
                .Select(told => JsonDocument.Parse(told.Data).RootElement.GetProperty("changeId").GetGuid()));
    }

    [Fact]
    public async Task A_deleted_deployment_answers_nobody_and_its_name_is_free()
    {
        await _node.RegisterAsync(1);
        var first = await _node.DeployAsync("digits");

        await _node.Grains.GetGrain<IDeploymentGrain>(first.Id).DeleteAsync(ifMatch: null);

        using var client = _node.Client();
        using var answer = await SendAsync(client, "digits", 5);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Request for unknown model: 'digits' is not found", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotFoundException>(() => _node.Deployments.GetAsync("digits"));
        var second = await _node.DeployAsync("digits");
        Assert.NotEqual(first.Generation, second.Generation);
        Assert.Equal((1, 6f), await InferAsync(client, "digits", 5));
    }

    [Fact]
    public async Task A_public_deployment_answers_without_a_token_and_no_other_does()
    {
        await _node.RegisterAsync(1);
        await _node.DeployAsync("closed");
        await _node.DeployAsync("open", isPublic: true);
        using var client = _node.Client(withToken: false);

        Assert.Equal((1, 6f), await InferAsync(client, "open", 5));
        using var refused = await SendAsync(client, "closed", 5);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using var unknown = await SendAsync(client, "unknown", 5);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        using var predict = await client.PostAsJsonAsync("/v1/projects/default/deployments/closed/predict", new { rows = new[] { 1 } });
        Assert.Equal(HttpStatusCode.Unauthorized, predict.StatusCode);
        Assert.Equal("application/problem+json", predict.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task The_protocol_is_spoken_over_HTTP()
    {
        await _node.RegisterAsync(1);
        var deployment = await _node.DeployAsync("digits");
        using var client = _node.Client();

        await ExpectAsync(client, "GET", "/v2/health/live", 200, "{\"live\":true}");
        await ExpectAsync(client, "GET", "/v2/health/ready", 200, "{\"live\":true,\"ready\":true}");
        await ExpectAsync(client, "GET", "/v2", 200, "\"name\":\"orleansdl\"");
        await ExpectAsync(client, "GET", "/v2/", 200, "\"extensions\":[\"classification\",\"sequence\",\"sequence(string_id)\",\"model_repository\",\"model_repository(unload_dependents)\",\"schedule_policy\",\"model_configuration\",\"binary_tensor_data\",\"parameters\",\"statistics\",\"trace\",\"logging\"]");
        await ExpectAsync(client, "GET", "/v2/models", 200, "{\"models\":[\"digits\"]}");
        await ExpectAsync(client, "GET", "/v2/models/digits/ready", 200, "{\"name\":\"digits\",\"ready\":true}");
        await ExpectAsync(client, "GET", "/projects/default/v2/models/digits/versions/1", 200, "\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]}]");
        await ExpectAsync(client, "GET", "/v2/models/digits/versions/2", 404, "Request for unknown model: 'digits' version 2 is not found");
        await ExpectAsync(client, "GET", "/v2/models/other", 400, "Request for unknown model: 'other' is not found");
        await ExpectAsync(client, "GET", "/v2/models/digits/infer", 405, "{\"error\":\"Method Not Allowed\"}");
        await ExpectAsync(client, "GET", "/v2/nothing/here", 404, "{\"error\":\"Not Found\"}");

        using var malformed = await client.PostAsync("/v2/models/digits/infer", new StringContent("{", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        Assert.Contains("failed to parse the request JSON buffer", await malformed.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var json = Encoding.UTF8.GetBytes("{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":16}}],\"parameters\":{\"binary_data_output\":true}}");
        using var binary = new ByteArrayContent([.. json, .. new byte[16]]);
        binary.Headers.Add("Inference-Header-Content-Length", json.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var raw = await client.PostAsync("/v2/models/digits/infer", binary);
        var bytes = await raw.Content.ReadAsByteArrayAsync();
        var split = int.Parse(raw.Headers.GetValues("Inference-Header-Content-Length").Single(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal([1f, 1f, 1f, 1f], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes.AsSpan(split)).ToArray());

        using var gzip = new HttpRequestMessage(HttpMethod.Post, "/v2/models/digits/infer") { Content = Body("digits", 5) };
        gzip.Content.Headers.ContentEncoding.Add("br");
        using var refused = await client.SendAsync(gzip);
        Assert.Equal(HttpStatusCode.NotImplemented, refused.StatusCode);

        using var answer = await SendAsync(client, "digits", 5);
        Assert.Equal("1", answer.Headers.GetValues("odl-model-version").Single());
        Assert.Equal(deployment.Generation, InferenceId.GenerationOf(Guid.Parse(answer.Headers.GetValues("odl-inference-id").Single())));
        Assert.Equal(
            """{"model_name":"digits","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[1,4],"data":[6,6,6,6]}]}""",
            await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Predict_refuses_what_it_cannot_read()
    {
        await _node.RegisterAsync(1);
        await _node.DeployAsync("digits");
        using var client = _node.Client();

        foreach (var (body, message) in ((string, string)[])
        [
            ("{", "The body is not JSON"),
            ("[]", "The body is a JSON object"),
            ("{}", "The body has no 'rows'"),
            ("{\"rows\":1}", "'rows' is a JSON array"),
            ("{\"rows\":[],\"top\":\"x\"}", "'top' is an integer"),
            ("{\"rows\":[1],\"top\":0}", "top 0 is out of range"),
            ("{\"wors\":[]}", "'wors' is not a field"),
            ("{\"rows\":[[1,2,3,4]]}", "has no pipeline"),
        ])
        {
            using var answer = await client.PostAsync("/v1/projects/default/deployments/digits/predict", new StringContent(body, Encoding.UTF8, "application/json"));
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode is HttpStatusCode.BadRequest, $"{body}: {text}");
            Assert.Contains(message, JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    private async Task SwapUnderLoadAsync(int changes, TimeSpan pause)
    {
        await _node.RegisterAsync(1);
        var deployment = await _node.DeployAsync("digits");
        using var stop = new CancellationTokenSource();
        using var client = _node.Client();
        var answered = Enumerable.Range(0, changes + 2).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(() => WriteAsync(client, writer, answered, stop.Token))).ToArray();
        var failed = Task.WhenAny(writers);

        // The change itself is the event waited for; the pause between two is part of what is tested.
        using var timer = new PeriodicTimer(pause);
        for (var version = 2; version <= changes + 1; version++)
        {
            await Task.WhenAny(answered[version - 1].Task, failed);
            await timer.WaitForNextTickAsync();
            await _node.RegisterAsync(version);
            await _node.ServeAsync(deployment, version);
            var serving = version;
            await _node.UntilAsync(deployment.Id, current => current.ServingVersion == serving);
        }

        await Task.WhenAny(answered[changes + 1].Task, failed);
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(writers), count => Assert.True(count > 0));
    }

    /// <summary>Each writer has numbers of its own: an answer of another request, or one under the wrong version, is found out.</summary>
    private static async Task<int> WriteAsync(HttpClient client, int writer, TaskCompletionSource[] answered, CancellationToken stop)
    {
        var count = 0;
        for (var value = writer * 100_000; !stop.IsCancellationRequested; value++)
        {
            var (version, answer) = await InferAsync(client, "digits", value);
            Assert.Equal(value + version, answer);
            answered[version].TrySetResult();
            count++;
        }

        return count;
    }

    private static async Task<(int Version, float Answer)> InferAsync(HttpClient client, string deployment, int value)
    {
        using var answer = await SendAsync(client, deployment, value);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {text}");
        using var json = JsonDocument.Parse(text);
        return (
            int.Parse(json.RootElement.GetProperty("model_version").GetString()!, System.Globalization.CultureInfo.InvariantCulture),
            json.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string deployment, int value) =>
        client.PostAsync($"/v2/models/{deployment}/infer", Body(deployment, value));

    private static StringContent Body(string deployment, int value) => new(
        $$"""{"model_name":"{{deployment}}","inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[{{value}},{{value}},{{value}},{{value}}]}]}""",
        Encoding.UTF8, "application/json");

    private static async Task ExpectAsync(HttpClient client, string method, string path, int status, string text)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await client.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode && body.Contains(text, StringComparison.Ordinal), $"{method} {path}: {(int)answer.StatusCode} {body}");
    }
}
