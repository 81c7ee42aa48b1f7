using System.Text.Json;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

[Collection(ProductCollection.Name)]
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_closes_the_loop_and_leaves_no_folder()
    {
        using var temporary = new TempFolder();
        var result = await Odl.RunAsync(["demo", "--json"], new Dictionary<string, string> { ["TMPDIR"] = temporary.Path }, TimeSpan.FromSeconds(180));
        var last = JsonSerializer.Deserialize<JsonElement>(result.Succeeded().TrimEnd().Split('\n')[^1]);

        Assert.True(last.GetProperty("ok").GetBoolean(), last.ToString());
        Assert.Equal(2, last.GetProperty("datasetVersions").GetInt32());
        Assert.Equal([1, 2], last.GetProperty("models").EnumerateArray().Select(model => model.GetProperty("version").GetInt32()));
        Assert.InRange(last.GetProperty("models")[1].GetProperty("accuracy").GetDouble(), 0.97, 1);
        Assert.Equal(0, last.GetProperty("served").GetProperty("failed").GetInt32());
        Assert.NotEmpty(last.GetProperty("lineage").EnumerateArray());
        Assert.DoesNotContain(Directory.EnumerateDirectories(temporary.Path), folder => Path.GetFileName(folder).StartsWith("odl", StringComparison.OrdinalIgnoreCase));
    }
}
