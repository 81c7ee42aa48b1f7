using System.Globalization;
using System.Net;
using System.Text;
using OrleansDL.Serving;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests.Serving.Repository;

/// <summary>A folder of many models is taken over when the server starts.</summary>
public sealed class RepositoryStartTests : IDisposable
{
    private const int Models = 40;
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-models-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Many_models_are_loaded_beside_one_another_at_a_start_and_only_what_changed_at_the_next()
    {
        for (var model = 0; model < Models; model++)
        {
            Write($"m{model}/1/model.onnx", OffsetModel.Write(model));
        }

        // Two that wait for the same step, and two that would wait for each other.
        foreach (var (name, step) in ((string, string)[])[("whole_a", "a_step"), ("whole_b", "a_step"), ("ring_a", "ring_b"), ("ring_b", "ring_a")])
        {
            Directory.CreateDirectory(Path.Combine(_folder, name, "1"));
            Write($"{name}/config.pbtxt", Encoding.UTF8.GetBytes($$"""
                platform: "ensemble" max_batch_size: 4 input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ] output [ { name: "y" data_type: TYPE_FP32 dims: [ 4 ] } ]
                ensemble_scheduling { step [ { model_name: "{{step}}" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } ] }
                """));
        }

        Write("a_step/1/model.onnx", OffsetModel.Write(100));
        await using var node = await ServingNode.StartAsync(new Dictionary<string, string?>
        {
            ["Serving:Repository:Directory"] = _folder,
            ["Serving:Repository:OnDemand"] = "true",
            ["Serving:Repository:StrictReadiness"] = "false",
            ["Serving:Repository:Public"] = "true",
        });
        var first = await ReadyAsync(node);
        Assert.Equal(Models + 3, first.Values.Count(deployment => deployment.Status is DeploymentStatus.Ready));
        await AnswersAsync(node);

        Write("m7/2/model.onnx", OffsetModel.Write(1000));
        await node.RestartAsync();
        var second = await ReadyAsync(node);
        Assert.Equal(["m7"], Enumerable.Range(0, Models).Select(model => $"m{model}").Where(name => first[name].ETag != second[name].ETag));
        await AnswersAsync(node);

        async Task AnswersAsync(ServingNode node)
        {
            using var client = node.Client(withToken: false);
            foreach (var (name, data) in ((string, int)[])[("m0", 1), ("m39", 40), ("whole_a", 101), ("whole_b", 101), ("m7", Directory.Exists(Path.Combine(_folder, "m7", "2")) ? 1001 : 8)])
            {
                using var answer = await client.PostAsync($"/v2/models/{name}/infer", new StringContent("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,1,1,1]}]}"""));
                Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"\"data\":[{data},"), await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
    }

    private static async Task<Dictionary<string, Deployment>> ReadyAsync(ServingNode node)
    {
        using var client = node.Client(withToken: false);
        await Eventually.TrueAsync("the folder to be taken over", async () =>
        {
            using var answer = await client.GetAsync("/v2/health/ready");
            return answer.StatusCode is HttpStatusCode.OK;
        });
        return (await node.Deployments.ListAsync(new PageRequest { Size = 100 })).Items.ToDictionary(deployment => deployment.Name);
    }

    private void Write(string path, byte[] bytes)
    {
        var file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
    }
}
