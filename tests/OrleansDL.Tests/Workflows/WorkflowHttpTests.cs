using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrleansDL.Workflows;

namespace OrleansDL.Tests.Workflows;

public sealed class WorkflowHttpTests(WorkflowNode node) : IClassFixture<WorkflowNode>
{
    private static string Named(string name) => DigitsWorkflow.Yaml.Replace("name: digits\n", $"name: {name}\n", StringComparison.Ordinal);

    [Fact]
    public async Task A_workflow_is_put_versioned_listed_and_deleted()
    {
        using var http = await node.ClientAsync();
        var created = await http.PostAsync("workflows", new StringContent(Named("first")));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var workflow = await ReadAsync<Workflow>(created);
        Assert.Equal(("first", 1, true), (workflow.Name, workflow.Version, workflow.Enabled));

        var same = await http.PostAsync("workflows", new StringContent("# only a comment more\n" + Named("first")));
        Assert.Equal(HttpStatusCode.OK, same.StatusCode);
        Assert.Equal(1, (await ReadAsync<Workflow>(same)).Version);
        var other = await http.PostAsync("workflows", new StringContent(Named("first").Replace("seed: 7", "seed: 8", StringComparison.Ordinal)));
        Assert.Equal(2, (await ReadAsync<Workflow>(other)).Version);

        Assert.False((await ReadAsync<Workflow>(await http.PostAsync("workflows/first/disable", null))).Enabled);
        Assert.True((await ReadAsync<Workflow>(await http.PostAsync("workflows/first/enable", null))).Enabled);
        var found = await http.GetAsync("workflows/first");
        Assert.Contains((await http.GetFromJsonAsync<Page<Workflow>>("workflows", OdlJson.Options))!.Items, item => item.Id == workflow.Id);

        using var stale = new HttpRequestMessage(HttpMethod.Delete, "workflows/first") { Headers = { { "If-Match", "\"0\"" } } };
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await http.SendAsync(stale)).StatusCode);
        using var right = new HttpRequestMessage(HttpMethod.Delete, "workflows/first") { Headers = { { "If-Match", found.Headers.ETag!.Tag } } };
        Assert.Equal(HttpStatusCode.NoContent, (await http.SendAsync(right)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("workflows/first")).StatusCode);
    }

    [Fact]
    public async Task A_check_tells_the_order_and_stores_nothing()
    {
        using var http = await node.ClientAsync();
        var check = await ReadAsync<WorkflowCheck>(await http.PostAsync("workflows/check", new StringContent(Named("dry"))));
        Assert.Equal(["train", "judge", "deploy"], check.Steps.Select(step => step.Name));
        Assert.Equal(["train"], check.Steps[1].Needs);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("workflows/dry")).StatusCode);
    }

    [Theory]
    [InlineData("dataset: digits-golden", "dataset: nowhere", "steps.judge.with.dataset", "'nowhere'")]
    [InlineData("- dataset: digits", "- dataset: nowhere", "triggers[0]", "'nowhere'")]
    [InlineData("default: digits }", "default: nowhere }", "inputs.dataset", "'nowhere'")]
    [InlineData("baseline: digits@production", "baseline: nowhere@production", "steps.judge.with.baseline", "'nowhere'")]
    [InlineData("candidate.accuracy >= 0.9", "candidate + 1 > 0", "steps.judge.criteria.good", "'candidate' (map)")]
    [InlineData("uses: model.deploy@1", "uses: model.deploy@9", "steps.deploy", "'model.deploy@9'")]
    [InlineData("apiVersion: orleansdl/v1", "apiVersion: [", "line", "no YAML")]
    public async Task A_workflow_that_names_or_says_something_wrong_is_refused_with_the_place(string from, string to, string place, string problem)
    {
        using var http = await node.ClientAsync();
        var answer = await http.PostAsync("workflows", new StringContent(Named("wrong").Replace(from, to, StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var document = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("invalid", document.GetProperty("code").GetString());
        Assert.Contains(place, document.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(problem, document.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("workflows/wrong")).StatusCode);
    }

    [Fact]
    public async Task A_file_over_the_limit_is_refused()
    {
        using var http = await node.ClientAsync();
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await http.PostAsync("workflows", new StringContent(new string('#', 300_000)))).StatusCode);
    }

    [Fact]
    public async Task A_run_started_by_hand_takes_inputs_and_shows_its_journal()
    {
        using var http = await node.ClientAsync();
        await http.PostAsync("workflows", new StringContent(Named("manual")));
        using var request = new HttpRequestMessage(HttpMethod.Post, "workflows/manual/runs")
        {
            Content = JsonContent.Create(new { inputs = new { epochs = 2 } }),
            Headers = { { "Idempotency-Key", "once" } },
        };
        using var repeat = new HttpRequestMessage(HttpMethod.Post, "workflows/manual/runs")
        {
            Content = JsonContent.Create(new { inputs = new { epochs = 2 } }),
            Headers = { { "Idempotency-Key", "once" } },
        };
        var run = await ReadAsync<WorkflowRun>(await http.SendAsync(request));
        Assert.Equal(run.Id, (await ReadAsync<WorkflowRun>(await http.SendAsync(repeat))).Id);
        Assert.Equal("{\"dataset\":\"digits\",\"epochs\":2}", run.Inputs);
        await node.EndedAsync(run.Id);

        var listed = await http.GetFromJsonAsync<Page<WorkflowRun>>("workflows/manual/runs", OdlJson.Options);
        Assert.Equal(WorkflowRunStatus.Succeeded, Assert.Single(listed!.Items).Status);
        var first = await http.GetFromJsonAsync<Page<JournalEntry>>($"workflow-runs/{run.Id}/journal?pageSize=3", OdlJson.Options);
        var rest = await http.GetFromJsonAsync<Page<JournalEntry>>($"workflow-runs/{run.Id}/journal?pageToken={first!.NextPageToken}", OdlJson.Options);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], first.Items.Concat(rest!.Items).Select(entry => entry.Sequence));
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync($"workflow-runs/{run.Id}/cancel", null)).StatusCode);

        Assert.Equal(HttpStatusCode.BadRequest, (await http.PostAsJsonAsync("workflows/manual/runs", new { inputs = new { epoch = 2 } })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await http.PostAsJsonAsync("workflows/manual/runs", new { inputs = new { epochs = "two" } })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.PostAsJsonAsync("workflows/unknown/runs", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync($"workflow-runs/{Guid.NewGuid()}")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await http.GetAsync("workflow-runs/one")).StatusCode);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<T>(OdlJson.Options))!;
    }
}
