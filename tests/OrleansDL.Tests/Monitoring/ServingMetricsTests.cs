using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Database;
using OrleansDL.Identity;
using OrleansDL.Monitoring;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Telemetry;
using OrleansDL.Tests.Models;

namespace OrleansDL.Tests.Monitoring;

[Collection(ServerCollection.Name)]
public sealed class ServingMetricsTests(ServerNode server)
{
    private static readonly DateTimeOffset Noon = new(2026, 8, 7, 12, 0, 0, TimeSpan.Zero);

    private WindowStore Store => server.Services.GetRequiredService<WindowStore>();
    private IServingMetricsGrain Metrics => server.Grains.GetGrain<IServingMetricsGrain>(server.Project);

    [Fact]
    public async Task What_a_front_saw_is_in_the_database_after_a_flush_and_answered_over_HTTP()
    {
        var route = await RouteAsync("flushed", 1);
        var observer = server.Services.GetRequiredService<IServingObserver>();
        for (var request = 0; request < 100; request++)
        {
            observer.OnAnswer(route, TimeSpan.FromMilliseconds(request + 1), [new LabelScore(request < 75 ? "7" : "1", 0.9)]);
        }

        observer.OnError(route, TimeSpan.FromMilliseconds(1), 503);
        observer.OnText(route, first: TimeSpan.FromSeconds(0.2), whole: TimeSpan.FromSeconds(1.2), tokens: 101);
        observer.OnText(route, first: TimeSpan.FromSeconds(0.2), whole: TimeSpan.FromSeconds(0.2), tokens: 1);
        await server.Services.GetRequiredService<WindowFlusher>().FlushAsync();

        using var client = await server.ClientAsync(Role.Viewer);
        using var answer = await client.GetAsync(new Uri("/v1/projects/default/deployments/flushed/metrics?stepSeconds=0", UriKind.Relative));
        var page = JsonSerializer.Deserialize<Page<ServingWindow>>(await answer.Content.ReadAsStringAsync(), OdlJson.Options)!;

        var window = Assert.Single(page.Items);
        Assert.Equal((101, 1, 1), (window.Requests, window.Errors, window.ModelVersion));
        Assert.Equal(new Dictionary<string, long> { ["7"] = 75, ["1"] = 25 }, window.Labels);
        Assert.Equal(new Dictionary<string, long> { ["503"] = 1 }, window.ErrorStatuses);
        Assert.InRange(window.LatencyP50Seconds!.Value, 0.0495, 0.0515);
        Assert.InRange(window.LatencyP99Seconds!.Value, 0.098, 0.1);
        Assert.Equal(0.9, window.ConfidenceMean!.Value, 1e-9);
        Assert.Equal(102, window.Tokens);
        Assert.InRange(window.FirstTokenP95Seconds!.Value, 0.198, 0.202);
        Assert.InRange(window.TokensPerSecondP50!.Value, 99, 101);
    }

    [Fact]
    public async Task Nodes_and_steps_are_merged_and_versions_kept_apart()
    {
        var deployment = (await RouteAsync("merged", 1)).Deployment;
        await Store.WriteAsync(
            [
                Row(deployment, Noon, 1, "one", 10),
                Row(deployment, Noon, 1, "two", 5),
                Row(deployment, Noon.AddSeconds(10), 1, "one", 3),
                Row(deployment, Noon.AddSeconds(10), 2, "one", 4),
                Row(deployment, Noon.AddSeconds(60), 2, "one", 1),
            ],
            CancellationToken.None);

        var tens = await Metrics.QueryAsync("merged", Noon, Noon.AddMinutes(2), 10);
        var minutes = await Metrics.QueryAsync("merged", Noon, Noon.AddMinutes(2), 60);
        var whole = await Metrics.QueryAsync("merged", Noon.AddSeconds(15), Noon.AddMinutes(2), 0);

        Assert.Equal([(0, 1L, 15L), (10, 1, 3), (10, 2, 4), (60, 2, 1)], tens.Select(At));
        Assert.Equal([(0, 1L, 18L), (0, 2, 4), (60, 2, 1)], minutes.Select(At));
        Assert.Equal([(15, 1L, 3L), (15, 2, 5)], whole.Select(At));
        Assert.All(minutes, window => Assert.Equal(60, window.LengthSeconds));
    }

    [Fact]
    public async Task Writing_a_window_again_replaces_what_the_same_node_wrote()
    {
        var deployment = (await RouteAsync("replaced", 1)).Deployment;
        await Store.WriteAsync([Row(deployment, Noon, 1, "one", 10)], CancellationToken.None);
        await Store.WriteAsync([Row(deployment, Noon, 1, "one", 12)], CancellationToken.None);

        Assert.Equal(12, Assert.Single(await Metrics.QueryAsync("replaced", Noon, Noon.AddMinutes(1), 10)).Requests);
    }

    [Fact]
    public async Task Old_windows_are_removed_and_newer_ones_stay()
    {
        var deployment = (await RouteAsync("removed", 1)).Deployment;
        var longAgo = Noon.AddYears(-40);
        await Store.WriteAsync([Row(deployment, longAgo, 1, "one", 1), Row(deployment, longAgo.AddDays(1), 1, "one", 2)], CancellationToken.None);

        Assert.False(await Store.RemoveAsync(longAgo.AddHours(1), CancellationToken.None));

        Assert.Equal(2, Assert.Single(await Metrics.QueryAsync("removed", longAgo, longAgo.AddDays(2), 0)).Requests);
    }

    [Fact]
    public async Task A_window_stored_by_the_first_version_is_still_read()
    {
        var stored = JsonSerializer.Deserialize<WindowRow>(await File.ReadAllTextAsync(GoldenFile.PathOf("window-v1.json")), OdlJson.Options)!;
        Assert.Equal(JsonSerializer.Serialize(GoldenRow(), OdlJson.Options), JsonSerializer.Serialize(stored, OdlJson.Options));

        var deployment = (await RouteAsync("golden", 1)).Deployment;
        stored.Deployment = deployment.ToString();
        await Store.WriteAsync([stored], CancellationToken.None);
        var window = Assert.Single(await Metrics.QueryAsync("golden", Noon, Noon.AddMinutes(1), 10));

        Assert.Equal((3, 1, "digits", 2), (window.Requests, window.Errors, window.Model, window.ModelVersion));
        Assert.Equal(new Dictionary<string, long> { ["7"] = 1, ["siebt\"e"] = 1 }, window.Labels);
        Assert.Equal(0.001, window.LatencyP50Seconds!.Value, 0.00001);
        Assert.Equal(0.75, window.ConfidenceMean);
        Assert.Equal((0, null, null), (window.Tokens, window.FirstTokenP50Seconds, window.TokensPerSecondP50));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(-10)]
    public async Task A_step_that_windows_do_not_fit_is_refused(int step)
    {
        await RouteAsync($"steps{step}", 1);
        await Assert.ThrowsAsync<InvalidException>(() => Metrics.QueryAsync($"steps{step}", Noon, Noon.AddHours(1), step));
        await Assert.ThrowsAsync<InvalidException>(() => Metrics.QueryAsync($"steps{step}", Noon, Noon, 10));
        await Assert.ThrowsAsync<InvalidException>(() => Metrics.QueryAsync($"steps{step}", Noon, Noon.AddYears(1), 10));
        await Assert.ThrowsAsync<NotFoundException>(() => Metrics.QueryAsync("unknown", Noon, Noon.AddHours(1), 10));
    }

    [Fact]
    public async Task The_metrics_page_needs_a_viewer_and_passes_promtool()
    {
        var route = await RouteAsync("scraped", 1);
        server.Services.GetRequiredService<IServingObserver>().OnAnswer(route, TimeSpan.FromMilliseconds(3), []);
        server.Services.GetRequiredService<IServingObserver>().OnText(route, TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(9), 7);
        await server.Services.GetRequiredService<WindowFlusher>().FlushAsync();
        var metrics = new Uri("/metrics", UriKind.Relative);

        using var nobody = await server.ClientAsync(null);
        using var refused = await nobody.GetAsync(metrics);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        using var viewer = await server.ClientAsync(Role.Viewer);
        using var scraped = await viewer.GetAsync(metrics);
        var text = await scraped.Content.ReadAsStringAsync();
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", scraped.Content.Headers.ContentType?.ToString());
        Assert.Contains("orleansdl_serving_request_duration_seconds_count{deployment=\"scraped\",model=\"digits\",project=\"default\",version=\"1\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("orleansdl_serving_first_token_duration_seconds_count{deployment=\"scraped\"", text, StringComparison.Ordinal);
        Assert.Contains("orleansdl_serving_tokens_total{deployment=\"scraped\",model=\"digits\",project=\"default\",version=\"1\"} 7\n", text, StringComparison.Ordinal);
        Assert.Contains("orleansdl_monitoring_windows_written_total", text, StringComparison.Ordinal);
        Assert.Equal((0, ""), await Promtool.CheckAsync(text));
    }

    internal static WindowRow GoldenRow()
    {
        var latency = new DDSketch();
        latency.Add(0.001);
        latency.Add(0.003);
        var confidence = new DDSketch();
        confidence.Add(0.5);
        confidence.Add(1);
        return new WindowRow
        {
            Deployment = Routes.Deployment.ToString(),
            WindowStart = Micros.From(Noon),
            Generation = 2,
            Node = "127.0.0.1:11111@1",
            Project = "default",
            Model = "digits",
            ModelVersion = 2,
            Requests = 3,
            Errors = 1,
            Statuses = "{\"400\":1}",
            Labels = "{\"7\":1,\"siebt\\\"e\":1}",
            Latency = latency.ToBytes(),
            Confidence = confidence.ToBytes(),
        };
    }

    private async Task<Route> RouteAsync(string deployment, long version)
    {
        var id = Guid.CreateVersion7();
        await server.Services.GetRequiredService<NameTable>().ClaimAsync(server.Project, ThingKind.Deployment, deployment, id);
        return Routes.Digits(version) with { Deployment = id, Name = deployment };
    }

    private static (int Second, long Version, long Requests) At(ServingWindow window) =>
        ((int)(window.Start - Noon).TotalSeconds, window.ModelVersion, window.Requests);

    private static WindowRow Row(Guid deployment, DateTimeOffset start, long version, string node, int requests)
    {
        var row = GoldenRow();
        row.Deployment = deployment.ToString();
        row.WindowStart = Micros.From(start);
        row.Generation = row.ModelVersion = version;
        row.Node = node;
        row.Requests = requests;
        return row;
    }
}
