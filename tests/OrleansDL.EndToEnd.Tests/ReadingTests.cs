using Apache.Arrow.Ipc;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>Images as IDX files, read for training by a run, by the command line and after both were cut off.</summary>
[Collection(ProductCollection.Name)]
public sealed class ReadingTests : IDisposable
{
    private const int Images = 600;
    private const string Dataset = $"{Scenario.Project}/datasets/glyphs";

    private const string Mds = $"{Scenario.Project}/datasets/large/versions/v1/mds";

    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Tensors_are_committed_trained_on_and_fetched_as_shards()
    {
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = _folder["node"] });
        using var api = node.Api();
        await api.PostAsync($"{Scenario.Project}/datasets", new { name = "glyphs", kind = "table" });
        Directory.CreateDirectory(_folder["glyphs"]);
        await File.WriteAllBytesAsync(Path.Combine(_folder["glyphs"], "train-images-idx3-ubyte"), Pixels());
        await File.WriteAllBytesAsync(Path.Combine(_folder["glyphs"], "train-labels-idx1-ubyte"), Labels());
        await RunAsync(node, "dataset", "push", "glyphs", _folder["glyphs"], "--split", "train");
        Assert.Equal((Images, 0), (await CountAsync(node, "train"), await CountAsync(node, "test")));

        await api.PostAsync($"{Scenario.Project}/training-runs", new
        {
            name = "reads",
            dataset = "glyphs",
            network = new { family = "cnn", channels = new[] { 4 }, hidden = new[] { 8 } },
            epochs = 4,
            learningRate = 0.01,
            reader = new { memoryBytes = 0 },
        });
        var run = await Scenario.CompletedAsync(api, "reads");
        Assert.InRange(run.GetProperty("metrics").GetProperty("validation.accuracy").GetDouble(), 0.9, 1);
        Assert.InRange(run.GetProperty("metrics").GetProperty("train.data.waitShare").GetDouble(), 0, 1);
        var log = (await api.GetAsync($"{Scenario.Project}/training-runs/reads/logs")).Items().Select(line => line.Text("text")).ToList();
        Assert.Contains(log, line => line.StartsWith("The shards of glyphs@v1 were made in ", StringComparison.Ordinal));
        Assert.Contains(log, line => line.Contains("read ahead from the shards", StringComparison.Ordinal));

        var shards = _folder["shards"];
        await RunAsync(node, "dataset", "shards", "glyphs", shards);
        var file = Path.Combine(shards, "shard.00000.mds");
        var whole = await File.ReadAllBytesAsync(file);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(shards, "index.json")), (await api.GetAsync($"{Dataset}/versions/v1/mds/index.json")).GetRawText());

        // A fetch that was killed in the middle goes on.
        await File.WriteAllBytesAsync(file + ".part", whole[..(whole.Length / 3)]);
        File.Delete(file);
        await RunAsync(node, "dataset", "shards", "glyphs", shards);
        Assert.Equal(whole, await File.ReadAllBytesAsync(file));
    }

    [Fact]
    public async Task Shards_that_a_killed_node_was_making_are_made_after_its_restart_without_a_call()
    {
        var options = new OdlOptions { Data = _folder["node"] };
        await using (var node = await OdlProcess.StartAsync(options))
        {
            using var api = node.Api();
            await api.PostAsync($"{Scenario.Project}/datasets", new { name = "large", kind = "files" });
            Directory.CreateDirectory(_folder["large"]);
            var (random, bytes) = (new Random(1), new byte[30 << 20]);
            for (var file = 0; file < 4; file++)
            {
                random.NextBytes(bytes);
                await File.WriteAllBytesAsync(Path.Combine(_folder["large"], $"{file}.bin"), bytes);
            }

            await RunAsync(node, "dataset", "push", "large", _folder["large"]);
            await api.PostAsync($"{Mds}", new { });
            await Eventually.TrueAsync("the first shard", async () => (await api.GetAsync(Mds)).GetProperty("rowsDone").GetInt64() > 0);
            await node.KillAsync();
        }

        await using (var node = await OdlProcess.StartAsync(options))
        {
            using var api = node.Api();
            await Eventually.TrueAsync("the shards to be made by themselves", async () => (await api.GetAsync(Mds)).Text("state") == "ready", TimeSpan.FromSeconds(30));
            Assert.Equal(4, (await api.GetAsync($"{Mds}/index.json")).GetProperty("shards").EnumerateArray().Sum(shard => shard.GetProperty("samples").GetInt32()));
        }
    }

    /// <summary>Rows of a split as Arrow record batches.</summary>
    private static async Task<int> CountAsync(OdlProcess node, string split)
    {
        using var client = new OdlClient(node.Options.Url, node.Token);
        await using var stream = await client.Datasets.Shards.OpenBatchesAsync("glyphs", columns: ["label"], split: split);
        using var reader = new ArrowStreamReader(stream);
        var rows = 0;
        while (await reader.ReadNextRecordBatchAsync() is { } batch)
        {
            rows += batch.Length;
            batch.Dispose();
        }

        return rows;
    }

    private static async Task RunAsync(OdlProcess node, params string[] arguments) =>
        (await Odl.RunAsync(arguments, new Dictionary<string, string> { ["ODL_URL"] = node.Options.Url.GetLeftPart(UriPartial.Authority), ["ODL_TOKEN"] = node.Token })).Succeeded();

    public void Dispose() => _folder.Dispose();

    /// <summary>A bright bar, upright or lying, at a place of its own.</summary>
    private static byte[] Pixels()
    {
        var bytes = new byte[16 + (Images * 64)];
        new byte[] { 0, 0, 8, 3, 0, 0, Images >> 8, Images & 255, 0, 0, 0, 8, 0, 0, 0, 8 }.CopyTo(bytes, 0);
        for (var image = 0; image < Images; image++)
        {
            for (var pixel = 0; pixel < 64; pixel++)
            {
                var line = image % 2 == 0 ? pixel / 8 : pixel % 8;
                bytes[16 + (image * 64) + pixel] = (byte)(line == image / 2 % 8 ? 200 + (image % 50) : image % 40);
            }
        }

        return bytes;
    }

    private static byte[] Labels() =>
        [0, 0, 8, 1, 0, 0, Images >> 8, Images & 255, .. Enumerable.Range(0, Images).Select(image => (byte)(image % 2))];
}
