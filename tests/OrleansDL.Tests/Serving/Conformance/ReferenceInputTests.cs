using System.Net;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using OrleansDL.Serving;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Harness;
using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>The reference server's suites of input validation, of variable shapes, and of clients that wait no longer.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class ReferenceInputTests(ProtocolNode node)
{
    private static readonly string[] Three = ["INPUT0", "INPUT1", "INPUT2"];

    [Fact]
    public async Task What_is_required_must_be_there_and_what_is_optional_need_not()
    {
        await LoadedAsync("input_all_required", Sum(Three, []), Config(Three, []));
        await LoadedAsync("input_optional", Sum(Three, ["INPUT3"]), Config(Three, ["INPUT3"]));
        await LoadedAsync("input_all_optional", Sum([], Three), Config([], Three));

        await RefusedAsync("input_all_required", [], "expected 3 inputs but got 0 inputs for model 'input_all_required'. Got input(s) [], but missing required input(s) ['INPUT0','INPUT1','INPUT2']. Please provide all required input(s).");
        await RefusedAsync("input_all_required", ["INPUT0"], "expected 3 inputs but got 1 inputs for model 'input_all_required'. Got input(s) ['INPUT0'], but missing required input(s) ['INPUT1','INPUT2']. Please provide all required input(s).");
        await RefusedAsync("input_optional", [], "expected number of inputs between 3 and 4 but got 0 inputs for model 'input_optional'. Got input(s) [], but missing required input(s) ['INPUT0','INPUT1','INPUT2']. Please provide all required input(s).");
        await RefusedAsync("input_optional", ["INPUT0"], "expected number of inputs between 3 and 4 but got 1 inputs for model 'input_optional'. Got input(s) ['INPUT0'], but missing required input(s) ['INPUT1','INPUT2']. Please provide all required input(s).");
        await RefusedAsync("input_optional", ["INPUT3", "INPUT0", "INPUT1"], "Got input(s) ['INPUT3','INPUT0','INPUT1'], but missing required input(s) ['INPUT2']");
        await RefusedAsync("input_all_optional", ["INPUT0", "INPUT9"], "unexpected inference input 'INPUT9' for model 'input_all_optional'");

        // What is left out is 5.
        Assert.Equal(8, await AskAsync("input_optional", Three));
        Assert.Equal(4, await AskAsync("input_optional", ["INPUT3", .. Three]));
        Assert.Equal(15, await AskAsync("input_all_optional", []));
        Assert.Equal(11, await AskAsync("input_all_optional", ["INPUT1"]));
        using var rest = await node.Http.PostAsync("/v2/models/input_all_optional/infer", new StringContent("""{"inputs":[]}"""));
        Assert.Contains("\"data\":[15]", await rest.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_beyond_a_shape_are_refused_and_never_seen_by_who_shares_the_batch()
    {
        await LoadedAsync("shared_batch", Identity(1, "N", 8), "max_batch_size: 8 dynamic_batching { max_queue_delay_microseconds: 100000 }");
        for (var round = 0; round < 3; round++)
        {
            var (greedy, honest) = (Row("shared_batch", [.. Enumerable.Range(0, 10).Select(value => (float)value)]), Row("shared_batch", [.. Enumerable.Range(100, 8).Select(value => (float)value)]));
            var refused = Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.ModelInferAsync(greedy));
            var answered = node.Rpc.ModelInferAsync(honest).ResponseAsync;
            Assert.Contains("input byte size mismatch for input 'INPUT0' for model 'shared_batch'. Expected 32, got 40", (await refused).Status.Detail, StringComparison.Ordinal);
            Assert.Equal(honest.RawInputContents[0], (await answered).RawOutputContents[0]);
        }

        static ModelInferRequest Row(string model, float[] values) => new()
        {
            ModelName = model,
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "INPUT0", Datatype = "FP32", Shape = { 1, 8 } } },
            RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)) },
        };
    }

    [Theory]
    [InlineData(TensorElementType.Int32, 6, 4)]
    [InlineData(TensorElementType.Int64, 7, 8)]
    [InlineData(TensorElementType.Fp32, 1, 4)]
    [InlineData(TensorElementType.Fp64, 11, 8)]
    [InlineData(TensorElementType.UInt8, 2, 1)]
    [InlineData(TensorElementType.Bool, 9, 1)]
    [InlineData(TensorElementType.Fp16, 10, 2)]
    [InlineData(TensorElementType.Bytes, 8, 0)]
    public async Task Axes_of_any_size_in_each_request_come_back_over_every_protocol_alone_and_beside_others(TensorElementType type, int onnx, int bytes)
    {
        var model = $"variable_{type}";
        await LoadedAsync(model, Identity(onnx, "N", "A", "B"), "max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 1000 }");
        long[][] shapes = [[1, 1, 1], [1, 16, 1], [2, 3, 5], [8, 2, 2], [1, 0, 7], [3, 4, 0], [1, 100, 3], [4, 1, 16]];
        await Task.WhenAll(shapes.Concat(shapes).Select(async (shape, seed) =>
        {
            Tensor[] sent = [new Tensor { Name = "INPUT0", Type = type, Shape = shape, Data = Drawn(type, bytes, shape, seed) }];
            Same(sent[0], await ProtocolCaller.BinaryAsync(node.Http, model, sent));
            Same(sent[0], await ProtocolCaller.RpcAsync(node.Rpc, model, sent));
            if (type is not TensorElementType.Fp16)
            {
                Same(sent[0], await ProtocolCaller.JsonAsync(node.Http, model, sent));
            }
        }));

        static void Same(Tensor sent, IReadOnlyList<Tensor> got)
        {
            Assert.Equal(sent.Shape, got[0].Shape);
            Assert.True(sent.Data.Span.SequenceEqual(got[0].Data.Span), $"{sent.Type} [{string.Join(',', sent.Shape)}] came back otherwise.");
        }
    }

    [Fact]
    public async Task A_stream_whose_time_is_over_ends_and_so_does_what_it_had_asked()
    {
        await LoadedAsync("delayed", LoopModel.Write(), "max_batch_size: 1 dynamic_batching { } instance_group [ { count: 1 kind: KIND_CPU } ]");
        using (var late = node.Rpc.ModelStreamInfer(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300)))
        {
            await late.RequestStream.WriteAsync(Rounds(LoopModel.Endless));
            Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => late.ResponseStream.MoveNext())).StatusCode);
        }

        // One execution at a time: this one runs when the endless one has ended.
        using var stream = node.Rpc.ModelStreamInfer(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(20));
        await stream.RequestStream.WriteAsync(Rounds(3));
        Assert.True(await stream.ResponseStream.MoveNext());
        Assert.Equal("", stream.ResponseStream.Current.ErrorMessage);
        Assert.Equal(6, MemoryMarshal.Read<float>(stream.ResponseStream.Current.InferResponse.RawOutputContents[0].Span));
        await stream.RequestStream.CompleteAsync();
        Assert.False(await stream.ResponseStream.MoveNext());

        static ModelInferRequest Rounds(float rounds) => new()
        {
            ModelName = "delayed",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 4 } } },
            RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([rounds, rounds, rounds, rounds])) },
        };
    }

    [Fact]
    public async Task A_full_queue_and_an_expired_wait_are_told_over_both_protocols_and_by_the_metrics()
    {
        await LoadedAsync("queued", LoopModel.Write(), "max_batch_size: 1 dynamic_batching { default_queue_policy { max_queue_size: 2 allow_timeout_override: true } } instance_group [ { count: 1 kind: KIND_CPU } ]");
        using var leaves = new CancellationTokenSource();
        var endless = Assert.ThrowsAnyAsync<OperationCanceledException>(() => PostAsync(LoopModel.Endless, "", leaves.Token));
        var first = PostAsync(3, "");
        await PendingAsync(1, () => first = first.IsCompleted ? PostAsync(3, "") : first);

        using (var late = await PostAsync(3, "\"parameters\":{\"timeout\":50000,\"priority\":0},"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
            Assert.Contains("Request timeout expired", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.NotNull(late.Headers.RetryAfter);
        }

        var impatient = Ask();
        impatient.Parameters["timeout"] = new InferParameter { Int64Param = 50_000 };
        var expired = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.ModelInferAsync(impatient));
        Assert.Equal((StatusCode.Unavailable, true), (expired.StatusCode, expired.Status.Detail.Contains("Request timeout expired", StringComparison.Ordinal)));

        var second = node.Rpc.ModelInferAsync(Ask()).ResponseAsync;
        await PendingAsync(2);
        using (var full = await PostAsync(3, ""))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, full.StatusCode);
            Assert.Contains("Exceeds maximum queue size", await full.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.NotNull(full.Headers.RetryAfter);
        }

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.ModelInferAsync(Ask()));
        Assert.Equal((StatusCode.Unavailable, true), (refused.StatusCode, refused.Status.Detail.Contains("Exceeds maximum queue size", StringComparison.Ordinal)));
        await leaves.CancelAsync();
        await endless;
        using (var answered = await first)
        {
            Assert.Contains("[6,6,6,6]", await answered.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(6, MemoryMarshal.Read<float>((await second).RawOutputContents[0].Span));
        Assert.Contains("nv_inference_request_failure{model=\"queued\",reason=\"REJECTED\",version=\"1\"} 4\n", await node.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);

        async Task<HttpResponseMessage> PostAsync(float rounds, string more, CancellationToken cancel = default)
        {
            var row = string.Join(',', Enumerable.Repeat(rounds.ToString("R", System.Globalization.CultureInfo.InvariantCulture), 4));
            using var body = new StringContent($$"""{ {{more}} "inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[{{row}}]}]}""");
            return await node.Http.PostAsync("/v2/models/queued/infer", body, cancel);
        }

        // Beside the endless one nothing runs. What came before it was answered, and is sent again.
        Task PendingAsync(int count, Action? again = null) => Eventually.TrueAsync($"{count} to wait", async () =>
        {
            again?.Invoke();
            return (await node.Http.GetStringAsync("/metrics")).Contains($"nv_inference_pending_request_count{{model=\"queued\",version=\"1\"}} {count}\n", StringComparison.Ordinal);
        });

        static ModelInferRequest Ask() => new()
        {
            ModelName = "queued",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 4 } } },
            RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([3, 3, 3, 3])) },
        };
    }

    private static byte[] Drawn(TensorElementType type, int bytes, long[] shape, int seed)
    {
        var random = new Random(seed);
        var count = (int)shape.Aggregate((left, right) => left * right);
        switch (type)
        {
            case TensorElementType.Fp32:
                return MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)]).ToArray();
            case TensorElementType.Fp64:
                return MemoryMarshal.AsBytes<double>([.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)]).ToArray();
            case TensorElementType.Bool:
                return [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(2))];
            case TensorElementType.Bytes:
                return [.. Enumerable.Range(0, count).SelectMany(_ =>
                {
                    var text = new string('é', random.Next(4));
                    return BitConverter.GetBytes(2 * text.Length).Concat(System.Text.Encoding.UTF8.GetBytes(text));
                })];
            default:
                var drawn = new byte[count * bytes];
                random.NextBytes(drawn);
                return drawn;
        }
    }

    private static byte[] Identity(int type, params object[] axes) => Model(Node("Identity", "OUTPUT0", "INPUT0"), Text(2, "identity"), End(11, "INPUT0", type, axes), End(12, "OUTPUT0", type, axes));

    /// <summary>The sum of all inputs; an optional one that is left out is 5.</summary>
    private static byte[] Sum(string[] required, string[] optional)
    {
        string[] all = [.. required, .. optional];
        return Model(
        [
            Node("Sum", "OUTPUT0", all), Text(2, "sum"),
            .. optional.Select(name => Field(5, Join(Number(1, 1), Number(2, OfFloat), Text(8, name), Field(9, BitConverter.GetBytes(5f))))),
            .. all.Select(name => End(11, name, OfFloat, "N")), End(12, "OUTPUT0", OfFloat, "N"),
        ]);
    }

    private static string Config(string[] required, string[] optional) => "max_batch_size: 0 input [ "
        + string.Join(", ", required.Select(name => $$"""{ name: "{{name}}" data_type: TYPE_FP32 dims: [ -1 ] }""").Concat(optional.Select(name => $$"""{ name: "{{name}}" data_type: TYPE_FP32 dims: [ -1 ] optional: true }""")))
        + """ ] output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ -1 ] } ]""";

    private async Task LoadedAsync(string model, byte[] onnx, string config)
    {
        using var response = await node.LoadAsync(model, onnx, config);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task RefusedAsync(string model, string[] inputs, string text)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => AskAsync(model, inputs));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(text, error.Status.Detail, StringComparison.Ordinal);
    }

    /// <summary>Sends 1 for each input.</summary>
    private async Task<float> AskAsync(string model, string[] inputs)
    {
        var request = new ModelInferRequest { ModelName = model };
        foreach (var input in inputs)
        {
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input, Datatype = "FP32", Shape = { 1 } });
            request.RawInputContents.Add(ByteString.CopyFrom(BitConverter.GetBytes(1f)));
        }

        return MemoryMarshal.Read<float>((await node.Rpc.ModelInferAsync(request)).RawOutputContents[0].Span);
    }
}
