using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Identity;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Models;

[Collection(ServerCollection.Name)]
public sealed class LineageTests(ServerNode server)
{
    private LineageLog Log => server.Services.GetRequiredService<LineageLog>();
    private ILineageGrain Lineage => server.Grains.GetGrain<ILineageGrain>(server.Project);

    [Fact]
    public async Task An_inference_leads_up_to_source_files_with_their_row_ranges()
    {
        await RecordLoopAsync(41);
        var inference = InferenceId.New(41, TimeProvider.System);

        var graph = await Lineage.WalkAsync(inference.ToString(), LineageDirection.Up, 10);

        Assert.Equal(["inference", "generation", "model-version", "run", "dataset-version", "source"], graph.Nodes.Select(node => node.Kind));
        Assert.Equal([0, 1, 2, 3, 4, 5], graph.Nodes.Select(node => node.Depth));
        Assert.Equal(["answered", "serves", "produced", "trained-on", "rows-from"], graph.Edges.Select(edge => edge.Role));
        Assert.Equal("{\"firstRow\":0,\"rows\":41}", graph.Edges[^1].Properties);
        Assert.False(graph.Truncated);
        Assert.Equal($"inference:{inference}", graph.Root.Id);
    }

    [Fact]
    public async Task A_dataset_version_leads_down_to_deployments()
    {
        await RecordLoopAsync(42);

        var graph = await Lineage.WalkAsync("dataset-version:test-42", LineageDirection.Down, 10);

        Assert.Equal(["dataset-version", "run", "model-version", "generation", "deployment"], graph.Nodes.Select(node => node.Kind));
        Assert.Equal("deployment 42", graph.Nodes[^1].Title);
    }

    [Fact]
    public async Task A_walk_stops_at_its_depth_and_says_so()
    {
        await RecordLoopAsync(43);

        var cut = await Lineage.WalkAsync("generation:43", LineageDirection.Up, 2);
        var whole = await Lineage.WalkAsync("generation:43", LineageDirection.Up, 4);

        Assert.Equal((3, true), (cut.Nodes.Count, cut.Truncated));
        Assert.Equal(2, cut.Edges.Count);
        Assert.Equal((5, false), (whole.Nodes.Count, whole.Truncated));
    }

    [Fact]
    public async Task Recording_again_changes_titles_and_adds_nothing()
    {
        await RecordLoopAsync(44);
        await RecordLoopAsync(44, title: "renamed");

        var graph = await Lineage.WalkAsync("generation:44", LineageDirection.Up, 10);

        Assert.Equal(5, graph.Nodes.Count);
        Assert.Equal(4, graph.Edges.Count);
        Assert.Contains(graph.Nodes, node => node.Title == "renamed 44" && node.Kind == "run");
        Assert.NotNull(graph.Edges[^1].Properties);
    }

    [Fact]
    public async Task A_graph_with_many_ways_between_two_nodes_and_a_circle_is_walked_to_its_end()
    {
        // 12 layers of 12 nodes, all joined: 12^11 ways, 144 nodes.
        var nodes = Enumerable.Range(0, 144).Select(number => Node($"layer:{number}", "layer", $"{number}")).ToList();
        var edges = Enumerable.Range(0, 11).SelectMany(layer => Enumerable.Range(0, 12).SelectMany(from => Enumerable.Range(0, 12).Select(to =>
            Edge($"layer:{layer * 12 + from}", $"layer:{(layer + 1) * 12 + to}", "joined")))).ToList();
        await Log.RecordAsync(server.Project, nodes, edges);

        var graph = await Lineage.WalkAsync("layer:0", LineageDirection.Down, 50);

        Assert.Equal(1 + 11 * 12, graph.Nodes.Count);
        Assert.False(graph.Truncated);

        await Log.RecordAsync(server.Project, [], [Edge("layer:143", "layer:0", "closes the circle")]);
        Assert.Equal(1 + 11 * 12, (await Lineage.WalkAsync("layer:0", LineageDirection.Down, 50)).Nodes.Count);
    }

    [Fact]
    public async Task A_run_and_its_model_version_are_joined_as_it_is_registered()
    {
        var models = server.Grains.GetGrain<IModelsGrain>(server.Project);
        var model = await models.EnsureAsync("joined");
        var run = Guid.CreateVersion7();
        var blob = await server.Services.GetRequiredService<Blobs.BlobStore>().PutAsync("w"u8.ToArray());
        await server.Grains.GetGrain<IModelGrain>(model.Id).RegisterAsync(new ModelRegistration
        {
            Id = Guid.CreateVersion7(),
            Run = run,
            Artifact = new Dictionary<string, BlobRef> { ["model.onnx"] = blob },
        });

        var graph = await Lineage.WalkAsync("model:joined@1", LineageDirection.Up, 10);

        Assert.Equal("joined@1", graph.Root.Title);
        Assert.Equal([($"run:{run}", "produced")], graph.Edges.Select(edge => (edge.Source, edge.Role)));
    }

    [Theory]
    [InlineData("nothing", HttpStatusCode.BadRequest)]
    [InlineData("run:missing", HttpStatusCode.NotFound)]
    [InlineData("generation:999999", HttpStatusCode.NotFound)]
    [InlineData("0198a5b0-0000-7000-8000-0000000fffff", HttpStatusCode.NotFound)]
    [InlineData("generation:41&direction=sideways", HttpStatusCode.BadRequest)]
    [InlineData("generation:41&depth=51", HttpStatusCode.BadRequest)]
    public async Task A_reference_to_nothing_is_a_problem_that_says_what_to_give(string query, HttpStatusCode status)
    {
        using var client = await server.ClientAsync(Role.Viewer);
        using var answer = await client.GetAsync(new Uri($"/v1/projects/default/lineage?reference={query}", UriKind.Relative));

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Over_HTTP_the_graph_is_JSON()
    {
        await RecordLoopAsync(45);
        using var client = await server.ClientAsync(Role.Viewer);

        var graph = await client.GetFromJsonAsync<LineageGraph>(new Uri("/v1/projects/default/lineage?reference=dataset-version:test-45&direction=down", UriKind.Relative), OdlJson.Options);

        Assert.Equal("deployment", graph!.Nodes[^1].Kind);
    }

    // Source, dataset version, run, model version, generation and deployment, as the grains record them.
    private Task RecordLoopAsync(long number, string title = "run") => Log.RecordAsync(
        server.Project,
        [
            Node($"source:test-{number}", "source", $"upload:{number}.csv"),
            Node($"dataset-version:test-{number}", "dataset-version", $"digits@v{number}"),
            Node($"run:test-{number}", "run", $"{title} {number}"),
            Node($"model-version:test/{number}", "model-version", $"digits@{number}"),
            Node($"generation:{number}", "generation", $"generation {number}"),
            Node($"deployment:test-{number}", "deployment", $"deployment {number}"),
        ],
        [
            Edge($"source:test-{number}", $"dataset-version:test-{number}", "rows-from", title == "run" ? JsonSerializer.Serialize(new { firstRow = 0, rows = number }) : null),
            Edge($"dataset-version:test-{number}", $"run:test-{number}", "trained-on"),
            Edge($"run:test-{number}", $"model-version:test/{number}", "produced"),
            Edge($"model-version:test/{number}", $"generation:{number}", "serves"),
            Edge($"generation:{number}", $"deployment:test-{number}", "of"),
        ]);

    private static LineageNode Node(string id, string kind, string title) => new() { Id = id, Kind = kind, Title = title };

    private static LineageEdge Edge(string source, string target, string role, string? properties = null) =>
        new() { Source = source, Target = target, Role = role, Time = DateTimeOffset.UnixEpoch, Properties = properties };
}
