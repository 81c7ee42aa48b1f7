using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Output;
using OrleansDL.Workflows;

namespace OrleansDL.Tests.Cli;

public sealed class OutputTests
{
    [Fact]
    public void A_lineage_is_a_tree_that_names_what_comes_twice_only_once()
    {
        var graph = new LineageGraph
        {
            Root = Node("deployment:1", "deployment", "digits", 0),
            Nodes = [Node("model-version:1/2", "model-version", "digits@2", 1), Node("run:1", "run", "r", 2), Node("source:1", "source", "a.csv", 3, """{"bytes":12}""")],
            Edges = [Edge("model-version:1/2", "deployment:1", "serves"), Edge("run:1", "model-version:1/2", "produced"), Edge("source:1", "run:1", "rows-from", """{"firstRow":5,"rows":12}"""), Edge("source:1", "model-version:1/2", "rows-from")],
        };
        Assert.Equal(
            [
                "deployment digits",
                "└─ serves: model-version digits@2",
                "   ├─ produced: run r",
                "   │  └─ rows-from (rows 5 to 16): source a.csv (bytes 12)",
                "   └─ rows-from: source a.csv (bytes 12) (see above)",
            ],
            LineageTree.Lines(graph, LineageDirection.Up));
    }

    [Fact]
    public void Metrics_of_two_versions_share_one_scale()
    {
        var start = new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero);
        var lines = MetricsPlot.Lines([Window(start, 1, 100), Window(start.AddSeconds(10), 1, 50), Window(start.AddSeconds(20), 2, 100)]).ToArray();
        Assert.Equal("requests per 10 s from 2026-01-02 03:04:00, highest 100", lines[0]);
        Assert.StartsWith("digits@1 |█▄ | 150 requests, 0 errors, p50 2.0 ms", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("digits@2 |  █| 100 requests", lines[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("1.5h", 5400)]
    [InlineData("30d", 2592000)]
    public void Durations_read_as_people_write_them(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("10")]
    [InlineData("10w")]
    [InlineData("999999999999d")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData(0.000021, "21 us")]
    [InlineData(0.0021, "2.1 ms")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(125, "2 min 05 s")]
    [InlineData(7260, "2 h 01 min")]
    public void Seconds_read_well(double seconds, string text) => Assert.Equal(text, Format.Seconds(seconds));

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(57_344, "57.3 KB")]
    [InlineData(1_500_000_000, "1.5 GB")]
    public void Sizes_read_well(long bytes, string text) => Assert.Equal(text, Format.Bytes(bytes));

    [Fact]
    public void Inputs_are_json_where_they_can_be_and_text_where_not()
    {
        var inputs = WorkflowInputs.Parse(["epochs=5", "name=five", "on=true", "list=[1,2]", "empty="])!.Value;
        Assert.Equal("""{"epochs":5,"name":"five","on":true,"list":[1,2],"empty":""}""", inputs.GetRawText());
        Assert.Throws<InvalidException>(() => WorkflowInputs.Parse(["=x"]));
    }

    [Fact]
    public void A_table_shows_brackets_as_they_are()
    {
        using var output = new StringWriter();
        new Screen(output, output, json: false, terminal: false).Table(["name", "what"], [["[red]a", "1"], ["b", null]]);
        Assert.Equal(["NAME    WHAT", "[red]a  1", "b       -"], output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd()));
    }

    private static LineageNode Node(string id, string kind, string title, int depth, string? properties = null) =>
        new() { Id = id, Kind = kind, Title = title, Depth = depth, Properties = properties };

    private static LineageEdge Edge(string source, string target, string role, string? properties = null) =>
        new() { Source = source, Target = target, Role = role, Time = DateTimeOffset.UnixEpoch, Properties = properties };

    private static ServingWindow Window(DateTimeOffset start, long version, long requests) => new()
    {
        Start = start,
        LengthSeconds = 10,
        Model = "digits",
        ModelVersion = version,
        Requests = requests,
        Errors = 0,
        LatencyP50Seconds = 0.002,
        LatencyP95Seconds = 0.003,
        LatencyP99Seconds = 0.004,
        Labels = new Dictionary<string, long> { ["1"] = requests },
        ConfidenceMean = 0.9,
    };
}
