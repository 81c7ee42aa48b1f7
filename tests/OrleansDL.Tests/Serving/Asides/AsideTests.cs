using System.Net.Http.Json;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Serving.Asides;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving.Asides;

/// <summary>What is done beside answering, against one real node. Versions 1 and 2 of the model add 1, version 3 adds 2.</summary>
public sealed class AsideTests(AsideTests.Fixture fixture) : IClassFixture<AsideTests.Fixture>
{
    private static readonly float[] Values = [1, 2, 3, 4];

    private ServingNode Node => fixture.Node;

    [Fact]
    public async Task A_shadow_is_asked_what_callers_asked_and_its_answers_are_compared_and_never_returned()
    {
        var spec = Fixture.Spec("shadowed", new TrafficSpec { Shares = [new TrafficShare { Version = 1, Percent = 100 }], Shadow = new ShadowSpec { Version = 2 } });
        var deployment = await fixture.DeployAsync(spec);
        for (var request = 0; request < 5; request++)
        {
            Assert.Equal((1, 2f), await fixture.InferAsync("shadowed"));
            Assert.Equal((1, 2f), await fixture.InferRpcAsync("shadowed"));
        }

        var agreed = await fixture.UntilAsync("shadowed", window => window is { ModelVersion: 2, Shadow.Compared: 10 });
        Assert.Equal((0, 10, 0, 0), (agreed.Requests, agreed.Shadow!.Agreed, agreed.Shadow.Failed, agreed.Shadow.Dropped));
        Assert.Equal((0, 0), (agreed.Shadow.DifferenceP50, agreed.Shadow.DifferenceMaximum));
        Assert.True(agreed.Shadow.LatencyP50Seconds > 0);

        await Node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(
            Guid.CreateVersion7(), spec with { Traffic = spec.Traffic! with { Shadow = new ShadowSpec { Version = 3 } } }, null);
        Assert.Equal((1, 2f), await fixture.InferAsync("shadowed"));
        var differed = await fixture.UntilAsync("shadowed", window => window is { ModelVersion: 3, Shadow.Compared: 1 });
        Assert.Equal(0, differed.Shadow!.Agreed);
        Assert.Equal(1 / 6d, differed.Shadow.DifferenceMaximum!.Value, 1e-6);
    }

    [Fact]
    public void A_full_queue_drops_and_counts_and_gives_room_again()
    {
        var observer = new CountingShadows();
        var queue = new ShadowQueue(observer);
        var route = new Route { Deployment = Guid.NewGuid(), Project = Project.Default, Name = "m", Revision = 1, Public = false };
        for (var job = 0; job < ShadowQueue.MaximumWaiting; job++)
        {
            Assert.True(queue.TryReserve(route, 1));
        }

        Assert.False(queue.TryReserve(route, 1));
        queue.Done(Job(1));
        Assert.False(queue.TryReserve(route, ShadowQueue.MaximumBytes));
        Assert.True(queue.TryReserve(route, 1));
        Assert.Equal(2, observer.Dropped);

        static ShadowJob Job(long bytes) => new ShadowPredict(null!, null!, null!, 0, bytes);
    }

    [Fact]
    public async Task A_deployment_of_an_alias_follows_it_and_one_of_a_number_stays()
    {
        var model = Node.Grains.GetGrain<IModelGrain>(fixture.Model);
        await model.SetAliasAsync("champion", 1);
        var followed = await fixture.DeployAsync(new DeploymentSpec { Name = "followed", Model = $"{ServingNode.Model}@champion" });
        var pinned = await fixture.DeployAsync(new DeploymentSpec { Name = "pinned", Model = $"{ServingNode.Model}@1" });

        await model.SetAliasAsync("champion", 3);

        await Node.UntilAsync(followed.Id, current => current is { ServingVersion: 3, Status: DeploymentStatus.Ready });
        Assert.Equal((3, 3f), await fixture.InferAsync("followed"));
        Assert.Equal(1, (await Node.Deployments.GetAsync(pinned.Name)).ServingVersion);

        await model.SetAliasAsync("champion", 0);
        Assert.Equal((3, 3f), await fixture.InferAsync("followed"));
    }

    private sealed class CountingShadows : IShadowObserver
    {
        public int Dropped { get; private set; }

        public void OnCompared(Route shadow, TimeSpan latency, bool agrees, double? difference)
        {
        }

        public void OnFailed(Route shadow)
        {
        }

        public void OnDropped(Route shadow) => Dropped++;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private GrpcChannel _channel = null!;

        internal ServingNode Node { get; private set; } = null!;

        internal HttpClient Client { get; private set; } = null!;

        internal Guid Model { get; private set; }

        public async Task InitializeAsync()
        {
            Node = await ServingNode.StartAsync();
            Client = Node.Client();
            _channel = GrpcChannel.ForAddress(Node.RpcUrl);
            foreach (var offset in (float[])[1, 1, 2])
            {
                Model = (await Node.RegisterAsync(offset)).Model;
            }
        }

        public async Task DisposeAsync()
        {
            _channel.Dispose();
            Client.Dispose();
            await Node.DisposeAsync();
        }

        /// <summary>Every version of the model, open to all.</summary>
        internal static DeploymentSpec Spec(string name, TrafficSpec? traffic) =>
            new() { Name = name, Model = ServingNode.Model, Public = true, Versions = new VersionPolicy { Kind = VersionPolicyKind.All }, Traffic = traffic };

        internal async Task<Deployment> DeployAsync(DeploymentSpec spec) => await Node.UntilAsync(
            (await Node.Deployments.CreateAsync(Guid.CreateVersion7(), spec)).Id, current => current.Status is DeploymentStatus.Ready);

        internal async Task<(long Version, float Answer)> InferAsync(string deployment)
        {
            using var answer = await Client.PostAsJsonAsync($"/v2/models/{deployment}/infer", new { inputs = new[] { new { name = "x", shape = (int[])[1, 4], datatype = "FP32", data = Values } } });
            var json = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<System.Text.Json.JsonElement>();
            return (long.Parse(json.GetProperty("model_version").GetString()!, System.Globalization.CultureInfo.InvariantCulture), json.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
        }

        internal async Task<(long Version, float Answer)> InferRpcAsync(string deployment)
        {
            var request = new ModelInferRequest { ModelName = deployment, Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 4 } } } };
            request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(Values)));
            var answer = await new GRPCInferenceService.GRPCInferenceServiceClient(_channel).ModelInferAsync(request);
            return (long.Parse(answer.ModelVersion, System.Globalization.CultureInfo.InvariantCulture), MemoryMarshal.Read<float>(answer.RawOutputContents[0].Span));
        }

        /// <summary>Waits for a window of the deployment's last hour, all of it as one.</summary>
        internal async Task<ServingWindow> UntilAsync(string deployment, Func<ServingWindow, bool> condition)
        {
            var began = TimeProvider.System.GetTimestamp();
            while (true)
            {
                await Node.Services.GetRequiredService<WindowFlusher>().FlushAsync();
                var now = TimeProvider.System.GetUtcNow();
                var windows = await Node.Grains.GetGrain<IServingMetricsGrain>(Project.Default).QueryAsync(deployment, now.AddHours(-1), now.AddMinutes(1), 0);
                if (windows.FirstOrDefault(condition) is { } found)
                {
                    return found;
                }

                Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), System.Text.Json.JsonSerializer.Serialize(windows, OdlJson.Options));
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }
}
