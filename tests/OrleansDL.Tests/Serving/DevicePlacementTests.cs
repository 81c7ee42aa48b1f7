using OrleansDL.Models;
using OrleansDL.Serving;
using OrleansDL.Training;

namespace OrleansDL.Tests.Serving;

public sealed class DevicePlacementTests : IAsyncLifetime
{
    private ServingNode _node = null!;

    public async Task InitializeAsync() => _node = await ServingNode.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_deployment_whose_device_no_worker_has_says_so_and_waits_for_one()
    {
        await _node.RegisterAsync(1);
        var stays = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "stays", Model = ServingNode.Model, Trusted = true, Device = "cuda" });
        var asked = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "asked", Model = ServingNode.Model, Trusted = true, Device = "cuda:1", Residency = new ResidencySpec() });

        Assert.Contains("needs a worker with device 'cuda', and none has one: 'w1' has cpu", (await LoadingAsync(stays, "'w1'")).Reason, StringComparison.Ordinal);
        Assert.Contains("needs a worker with device 'cuda:1'", (await LoadingAsync(asked, "'w1'")).Reason, StringComparison.Ordinal);

        // A worker with the other device joins, as far as the scheduler hears: it, and not this one, is asked to load.
        await _node.Grains.GetGrain<ISchedulerGrain>("default").ReportAsync(new WorkerReport { Worker = "gpu", Incarnation = "1", Pool = "default", Device = "cuda:1", Slots = 1, StartedAt = DateTimeOffset.UnixEpoch });
        Assert.DoesNotContain("needs a worker", (await LoadingAsync(asked, "'gpu'")).Reason, StringComparison.Ordinal);

        foreach (var deployment in new[] { stays, asked })
        {
            await _node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(Guid.CreateVersion7(), deployment.ToSpec() with { Device = "cpu" }, null);
            Assert.Equal("cpu", (await _node.UntilAsync(deployment.Id, now => now.Status is DeploymentStatus.Ready)).Device);
        }

        await _node.RegisterAsync(OffsetModel.Write(2), origin: ModelOrigin.Imported);
        var refused = await Assert.ThrowsAsync<InvalidException>(() => _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "apart", Model = ServingNode.Model, Device = "cuda" }));
        Assert.Contains("a process of its own, which has no GPU", refused.Message, StringComparison.Ordinal);

        Task<Deployment> LoadingAsync(Deployment deployment, string reason) =>
            _node.UntilAsync(deployment.Id, now => now is { Status: DeploymentStatus.Loading, Reason: { } told } && told.Contains(reason, StringComparison.Ordinal));
    }
}
