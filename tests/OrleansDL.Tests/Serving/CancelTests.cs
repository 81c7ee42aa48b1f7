using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Inference;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Serving.Batching;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving;

/// <summary>Executions that nobody waits for, or that take too long, end.</summary>
public sealed class CancelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_bound_execution_ends_when_it_is_cancelled_and_the_next_one_runs()
    {
        using var session = Load();
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        Assert.Throws<OperationCanceledException>(() => session.Infer(Request(LoopModel.Endless), cancel.Token));

        Assert.Equal(6, First(session.Infer(Request(3), CancellationToken.None)));
        using var late = new CancellationTokenSource();
        Assert.Equal(6, First(session.Infer(Request(3), late.Token)));
    }

    [Fact]
    public void An_execution_that_takes_longer_than_it_may_is_ended_and_the_next_one_runs()
    {
        using var watch = new RunWatch(TimeProvider.System);
        using var session = Load(watch, TimeSpan.FromMilliseconds(100));

        var ended = Assert.Throws<OverloadedException>(() => session.Infer(Request(LoopModel.Endless)));

        Assert.Equal("The execution of model 'loop' took longer than 0.1 s and was ended. Send less at once, or raise the deployment's hangSeconds.", ended.Message);
        Assert.Equal(6, First(session.Infer(Request(3))));
    }

    [Fact]
    public async Task Requests_that_run_together_go_on_until_the_last_of_their_callers_has_left()
    {
        using var session = Load();
        using var batcher = new Batcher(session, new BatchingSpec { Instances = 1 }, TimeProvider.System, new BatchHold(2, 0));
        using var one = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        var first = Task.Run(() => batcher.InferAsync(Request(LoopModel.Endless), one.Token).AsTask());
        var second = Task.Run(() => batcher.InferAsync(Request(LoopModel.Endless), other.Token).AsTask());

        await one.CancelAsync();
        await other.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAsync<OperationCanceledException>(() => second);
        using var next = new Batcher(session, new BatchingSpec { Instances = 1 }, TimeProvider.System, default);
        Assert.Equal(6, First(await next.InferAsync(Request(3), default)));
    }

    [Fact]
    public async Task A_client_that_goes_away_or_whose_deadline_is_over_ends_its_execution()
    {
        await using var node = await ServingNode.StartAsync();
        await node.RegisterAsync(LoopModel.Write(), "loop");
        await node.DeployAsync("loop", isPublic: true, new BatchingSpec { Instances = 1, MaximumBatchSize = 1 }, "loop");
        using var client = node.Client();

        // One execution at a time: whatever comes next is answered only when the endless one has ended.
        using (var leaves = new CancellationTokenSource(TimeSpan.FromMilliseconds(300)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.PostAsJsonAsync("/v2/models/loop/infer", Body(LoopModel.Endless), leaves.Token));
        }

        using var answer = await client.PostAsJsonAsync("/v2/models/loop/infer", Body(3));
        Assert.Contains("\"data\":[6,6,6,6]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var channel = GrpcChannel.ForAddress(node.RpcUrl);
        var rpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var late = await Assert.ThrowsAsync<RpcException>(async () => await rpc.ModelInferAsync(Message(LoopModel.Endless), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300)));
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
        Assert.Equal(6, MemoryMarshal.Read<float>((await rpc.ModelInferAsync(Message(3))).RawOutputContents[0].Span));

        using (var stream = rpc.ModelStreamInfer(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300)))
        {
            await stream.RequestStream.WriteAsync(Message(LoopModel.Endless));
            Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        }

        Assert.Equal(6, MemoryMarshal.Read<float>((await rpc.ModelInferAsync(Message(3))).RawOutputContents[0].Span));

        // A front on another node cancels its grain call.
        var route = node.Services.GetRequiredService<RouteTable>().Find(Project.Default, "loop")!.Route;
        var remote = new RemoteReplica(node.Grains.GetGrain<IReplicaGrain>($"{route.Workers[0]}/{route.Generation}"));
        using var far = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await remote.InferAsync(Request(LoopModel.Endless), far.Token));
        Assert.Equal(6, First(await remote.InferAsync(Request(3), default)));
    }

    [Fact]
    public async Task A_deployment_says_how_long_an_execution_may_take_and_tells_of_one_that_took_longer()
    {
        await using var node = await ServingNode.StartAsync();
        await node.RegisterAsync(LoopModel.Write(), "loop");
        var wrong = new DeploymentSpec { Name = "loop", Model = "loop", HangSeconds = 0 };
        await Assert.ThrowsAsync<InvalidException>(() => node.Deployments.CreateAsync(Guid.CreateVersion7(), wrong));
        var made = await node.Deployments.CreateAsync(Guid.CreateVersion7(), wrong with { HangSeconds = 0.3 });
        await node.UntilAsync(made.Id, deployment => deployment.Status is DeploymentStatus.Ready);
        using var client = node.Client();

        using var ended = await client.PostAsJsonAsync("/v2/models/loop/infer", Body(LoopModel.Endless));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ended.StatusCode);
        Assert.Contains("took longer than 0.3 s and was ended.", await ended.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var told = await node.UntilAsync(made.Id, deployment => deployment.Reason is not null);
        Assert.Equal(DeploymentStatus.Ready, told.Status);
        Assert.EndsWith(": An execution took longer than 0.3 s and was ended.", told.Reason, StringComparison.Ordinal);
        using var next = await client.PostAsJsonAsync("/v2/models/loop/infer", Body(3));
        Assert.Contains("\"data\":[6,6,6,6]", await next.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private ModelSession Load(RunWatch? watch = null, TimeSpan? limit = null)
    {
        var file = Path.Combine(_folder, "model.onnx");
        File.WriteAllBytes(file, LoopModel.Write());
        return ModelSession.Load(file, "loop", watch, limit);
    }

    private static InferRequest Request(float rounds) => new() { Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, 4], Data = Bytes(rounds) }] };

    private static byte[] Bytes(float rounds) => MemoryMarshal.AsBytes<float>([rounds, rounds, rounds, rounds]).ToArray();

    private static float First(InferAnswer answer) => MemoryMarshal.Read<float>(answer.Outputs[0].Data.Span);

    private static object Body(float rounds) => new { inputs = new[] { new { name = "x", shape = (int[])[1, 4], datatype = "FP32", data = Enumerable.Repeat(rounds, 4) } } };

    private static ModelInferRequest Message(float rounds) => new()
    {
        ModelName = "loop",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 4 } } },
        RawInputContents = { ByteString.CopyFrom(Bytes(rounds)) },
    };
}
