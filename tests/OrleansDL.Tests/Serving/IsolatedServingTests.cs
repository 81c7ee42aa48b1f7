using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Models;
using OrleansDL.Predictors;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Serving.Residency;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Tests.Serving;

/// <summary>Which models a node runs apart from itself, and what it tells of them.</summary>
public sealed class IsolatedServingTests : IDisposable
{
    private readonly string _repository = Directory.CreateTempSubdirectory("odl-test-").FullName;

    public void Dispose() => Directory.Delete(_repository, recursive: true);

    [Fact]
    public async Task What_our_trainer_did_not_make_runs_apart_and_its_crash_is_told_and_mended()
    {
        WriteScript();
        await using var node = await ServingNode.StartAsync(new Dictionary<string, string?> { ["Serving:Repository:Directory"] = _repository });
        await node.RegisterAsync(1);
        await node.RegisterAsync(OffsetModel.Write(2), "brought", ModelOrigin.Imported);
        await node.RegisterAsync(OffsetModel.Write(3), "written", ModelOrigin.Code);
        var own = await node.DeployAsync("own");
        var written = await node.DeployAsync("left-by-a-run", model: "written");
        var apart = await node.DeployAsync("apart", model: "brought", batching: new BatchingSpec());
        var alone = await node.Deployments.CreateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = "alone", Model = "offset", Process = new ProcessSpec { MemoryBytes = 512 << 20, Cpus = 1.5 } });
        alone = await node.UntilAsync(alone.Id, deployment => deployment.Status is DeploymentStatus.Ready or DeploymentStatus.Failed);
        var hosts = node.Services.GetRequiredService<PredictorHosts>();
        var host = hosts.Of(Project.Default);
        using var client = node.Client();
        await ExpectAsync(client, "own", "6,6,6,6");
        await ExpectAsync(client, "apart", "7,7,7,7");
        await ExpectAsync(client, "left-by-a-run", "8,8,8,8");
        await ExpectAsync(client, "alone", "6,6,6,6");
        await node.UntilAsync("script", deployment => deployment.Status is DeploymentStatus.Ready);
        await ExpectAsync(client, "script", "10,10,10,10", "INPUT__0");
        Assert.Contains("\"platform\":\"pytorch_libtorch\"", await client.GetStringAsync("/v2/models/script"), StringComparison.Ordinal);

        Assert.All(node.Services.GetRequiredService<ModelMemory>().List(), model => Assert.InRange(model.Bytes, 1, 64 << 20));

        var pid = host.Pid!.Value;
        using (var runner = Process.GetProcessById(ProcessTree.Of(pid)[^1]))
        {
            runner.Kill();
        }

        var told = await node.UntilAsync(apart.Id, deployment => deployment.Reason is not null);
        Assert.Equal((DeploymentStatus.Ready, apart.Generation), (told.Status, told.Generation));
        Assert.Matches(@"^On worker 'w1' at .*: Its process ended by SIGKILL, and is started again\.$", told.Reason);
        Assert.Equal(told.Reason, told.Served!.Single().Reason);
        await node.UntilAsync(written.Id, deployment => deployment.Reason is not null);
        await ExpectAsync(client, "apart", "7,7,7,7");
        await ExpectAsync(client, "script", "10,10,10,10", "INPUT__0");
        Assert.NotEqual(pid, host.Pid);
        Assert.Null((await node.Grains.GetGrain<IDeploymentGrain>(own.Id).GetAsync()).Reason);

        // A model with a process of its own, be it our trainer's, did not notice; when its own ends, the others do not.
        var ownProcess = await node.Grains.GetGrain<IDeploymentGrain>(alone.Id).GetAsync();
        Assert.Equal((null, new ProcessSpec { MemoryBytes = 512 << 20, Cpus = 1.5 }), (ownProcess.Reason, ownProcess.Process));
        var others = host.Pid!.Value;
        using (var runner = Process.GetProcessById(ProcessTree.Of(Assert.Single(hosts.Own).Pid!.Value)[^1]))
        {
            runner.Kill();
        }

        Assert.EndsWith("ended by SIGKILL, and is started again.", (await node.UntilAsync(alone.Id, deployment => deployment.Reason is not null)).Reason, StringComparison.Ordinal);
        await ExpectAsync(client, "alone", "6,6,6,6");
        Assert.Equal(others, host.Pid);
        using var index = await client.PostAsJsonAsync("/v2/repository/index", new { });
        Assert.Contains("\"name\":\"apart\",\"version\":\"1\",\"state\":\"READY\",\"reason\":\"On worker ", await index.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // A deployment that trusts it has it in the worker: a new generation, of which nothing was told yet.
        var trusts = new DeploymentSpec { Name = "apart", Model = "brought", Trusted = true };
        await node.Grains.GetGrain<IDeploymentGrain>(apart.Id).UpdateAsync(Guid.CreateVersion7(), trusts, ifMatch: null);
        var trusted = await node.UntilAsync(apart.Id, deployment => deployment.Status is DeploymentStatus.Ready && deployment.Generation != apart.Generation);
        Assert.Null(trusted.Reason);
        Assert.True(trusted.Trusted);
        await ExpectAsync(client, "apart", "7,7,7,7");
    }

    private void WriteScript()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_repository, "script", "1")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "model.pt"), ScriptFile.Write("(self: __torch__.M, a: Tensor) -> Tensor:\n    return torch.add(a, a)"));
        File.WriteAllText(
            Path.Combine(_repository, "script", "config.pbtxt"),
            "platform: \"pytorch_libtorch\"\nmax_batch_size: 4\ninput [{ name: \"INPUT__0\" data_type: TYPE_FP32 dims: [4] }]\noutput [{ name: \"OUTPUT__0\" data_type: TYPE_FP32 dims: [4] }]\n");
    }

    private static async Task ExpectAsync(HttpClient client, string model, string data, string input = "x")
    {
        using var answer = await client.PostAsJsonAsync(
            $"/v2/models/{model}/infer", new { inputs = new[] { new { name = input, shape = (int[])[1, 4], datatype = "FP32", data = (float[])[5, 5, 5, 5] } } });
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"\"data\":[{data}]"), await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
