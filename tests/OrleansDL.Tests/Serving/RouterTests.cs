using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

public sealed class RouterTests : IDisposable
{
    private static readonly Guid Deployment = new("01961234-5678-7abc-bfff-ffff00000001");
    private readonly RouteTable _routes = new(grains: null!);
    private readonly LocalReplicas _local = new();
    private readonly SemaphoreSlim _answered = new(0);

    public void Dispose()
    {
        _answered.Dispose();
        _local.Dispose();
    }

    [Fact]
    public async Task A_swap_under_load_loses_and_mixes_no_request()
    {
        var router = Router();
        var replicas = new Dictionary<long, EchoReplica>();
        Load(1);
        _routes.Update(RouteTo(1));
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(() => WriteAsync(router, writer, stop.Token))).ToArray();

        for (var generation = 2; generation <= 200; generation++)
        {
            await _answered.WaitAsync();
            Load(generation);
            _routes.Update(RouteTo(generation));
            await _local.RemoveAsync(generation - 1);
            replicas[generation - 1].Dispose();
        }

        await stop.CancelAsync();
        var answered = await Task.WhenAll(writers);
        Assert.True(answered.Sum() >= 199);

        void Load(long generation)
        {
            replicas[generation] = new EchoReplica(generation);
            _local.Add(generation, replicas[generation]);
        }
    }

    [Fact]
    public async Task A_deployment_that_is_not_ready_answers_no_capacity_with_its_reason()
    {
        var router = Router();
        _routes.Update(RouteTo(1) with { Generation = null, Reason = "model.onnx is damaged" });

        var error = await Assert.ThrowsAsync<NoCapacityException>(async () =>
            await router.InferAsync(_routes.Find("default", "digits")!, Request(1), CancellationToken.None));

        Assert.Contains("model.onnx is damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_meets_a_worker_just_gone_is_sent_to_another_at_once_and_the_next_ones_pass_it_over()
    {
        var looks = 0;
        _routes.NewerWanted += () => looks++;
        var (gone, there) = (new LostReplica(), new RemoteReplica[] { new(new EchoReplicaGrain(1)), new(new EchoReplicaGrain(1)) });
        var entry = new RouteEntry(RouteTo(1) with { Workers = ["a", "b", "c"] }, _ => [there[0], new RemoteReplica(gone), there[1]]);
        var router = Router();

        for (var value = 0; value < 30; value++)
        {
            var answer = (await router.InferAsync(entry, Request(value), CancellationToken.None)).Answer;
            Assert.Equal(value + 1f, MemoryMarshal.Cast<byte, float>(answer.Outputs[0].Data.Span)[0]);
        }

        Assert.Equal((0, 1), (looks, gone.Asked));
    }

    [Fact]
    public void An_older_route_never_replaces_a_newer_one()
    {
        _routes.Update(RouteTo(2));
        _routes.Update(RouteTo(1));

        Assert.Equal(2, _routes.Find("default", "digits")!.Route.Generation);
        Assert.Equal(2, _routes.Find("default", Deployment.ToString())!.Route.Generation);
        Assert.Null(_routes.Find("other", "digits"));
    }

    [Fact]
    public void A_late_push_does_not_bring_a_deleted_deployment_back()
    {
        _routes.Update(RouteTo(1));
        _routes.Update(RouteTo(3) with { Deleted = true });
        _routes.Update(RouteTo(2));

        Assert.Null(_routes.Find("default", "digits"));
    }

    private async Task<int> WriteAsync(Router router, int writer, CancellationToken stop)
    {
        var answered = 0;
        var value = writer * 1_000_000;
        while (!stop.IsCancellationRequested)
        {
            value++;
            var result = await router.InferAsync(_routes.Find("default", "digits")!, Request(value), CancellationToken.None);
            var got = MemoryMarshal.Cast<byte, float>(result.Answer.Outputs[0].Data.Span)[0];
            Assert.Equal(value + (float)result.Route.Generation!.Value, got);
            answered++;
            _answered.Release();
        }

        return answered;
    }

    private Router Router() => new(_routes, _local, TimeProvider.System, NullLogger<Router>.Instance);

    private static InferRequest Request(float value) => new()
    {
        Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1], Data = MemoryMarshal.AsBytes<float>([value]).ToArray() }],
    };

    private static Route RouteTo(long generation) => new()
    {
        Deployment = Deployment,
        Project = "default",
        Name = "digits",
        Revision = generation,
        Public = false,
        Generation = generation,
    };
}
