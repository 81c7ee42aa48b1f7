using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansDL.Serving;
using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Serving.Sequences;

namespace OrleansDL.Tests.Serving;

/// <summary>The Open Inference Protocol over gRPC, and the REST bodies made from the same messages, against one real node.</summary>
public sealed class InferenceRpcTests(InferenceRpcTests.Fixture node) : IClassFixture<InferenceRpcTests.Fixture>
{
    private static readonly float[] Values = [1, 2, 3, 4];

    private GRPCInferenceService.GRPCInferenceServiceClient Client => node.Client;

    [Fact]
    public async Task A_live_server_says_so_and_what_it_is()
    {
        Assert.True((await Client.ServerLiveAsync(new ServerLiveRequest())).Live);
        Assert.True((await Client.ServerReadyAsync(new ServerReadyRequest())).Ready);
        var metadata = await Client.ServerMetadataAsync(new ServerMetadataRequest(), node.Token);
        Assert.Equal("orleansdl", metadata.Name);
        Assert.Contains("binary_tensor_data", metadata.Extensions);
        Assert.DoesNotContain("system_shared_memory", metadata.Extensions);
    }

    [Theory]
    [InlineData("GET", "systemsharedmemory/status")]
    [InlineData("GET", "systemsharedmemory/region/r/status")]
    [InlineData("POST", "systemsharedmemory/region/r/register")]
    [InlineData("POST", "systemsharedmemory/region/r/unregister")]
    [InlineData("POST", "cudasharedmemory/region/r/register")]
    [InlineData("POST", "cudasharedmemory/unregister")]
    public async Task Shared_memory_is_told_to_be_off(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/v2/{path}");
        using var response = await node.Http.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.NotImplemented, response.StatusCode);
        Assert.Contains("Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.", JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetString()!, StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.SystemSharedMemoryStatusAsync(new SystemSharedMemoryStatusRequest()));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_not_ready_rather_than_an_error()
    {
        Assert.True((await Client.ModelReadyAsync(new ModelReadyRequest { Name = "open" })).Ready);
        Assert.False((await Client.ModelReadyAsync(new ModelReadyRequest { Name = "open", Version = "99" })).Ready);
        Assert.False((await Client.ModelReadyAsync(new ModelReadyRequest { Name = "nobody" }, node.Token)).Ready);
    }

    [Fact]
    public async Task Raw_and_typed_contents_get_the_same_raw_answer()
    {
        var raw = Request();
        raw.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(Values)));
        var typed = Request();
        typed.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { Values } };

        foreach (var request in (ModelInferRequest[])[raw, typed])
        {
            using var call = Client.ModelInferAsync(request);
            var answer = await call;
            Assert.Equal(("open", "1", "mine"), (answer.ModelName, answer.ModelVersion, answer.Id));
            Assert.Equal(Values.Select(value => value + 10), MemoryMarshal.Cast<byte, float>(answer.RawOutputContents.Single().Span).ToArray());
            Assert.True(Guid.TryParse(call.GetTrailers().GetValue("odl-inference-id"), out _));
        }
    }

    [Fact]
    public async Task A_message_may_be_larger_than_a_body_of_REST()
    {
        const int Columns = (65 << 20) / sizeof(float);
        var request = new ModelInferRequest { ModelName = "wide" };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = Fixture.Input, Datatype = "FP32", Shape = { 1, Columns } });
        request.RawInputContents.Add(UnsafeByteOperations.UnsafeWrap(new byte[Columns * sizeof(float)]));
        using var channel = GrpcChannel.ForAddress(node.RpcUrl, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        var answer = await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelInferAsync(request);
        Assert.Equal(10, MemoryMarshal.Cast<byte, float>(answer.RawOutputContents.Single().Span)[^1]);
    }

    [Fact]
    public async Task A_client_that_resets_its_stream_is_no_failure_of_the_server()
    {
        var errors = new RpcErrors(NullLogger<RpcErrors>.Instance);
        var error = await Assert.ThrowsAsync<RpcException>(() => errors.DuplexStreamingServerHandler<ModelInferRequest, ModelStreamInferResponse>(
            null!, null!, null!, (_, _, _) => throw new IOException("The client reset the request stream.")));
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
    }

    [Theory]
    [InlineData("nobody", "", StatusCode.InvalidArgument, "Request for unknown model: 'nobody' is not found")]
    [InlineData("open", "7", StatusCode.NotFound, "Request for unknown model: 'open' version 7 is not found")]
    [InlineData("open", "one", StatusCode.InvalidArgument, "failed to get model version from specified version string 'one'")]
    [InlineData("open", "", StatusCode.InvalidArgument, "unable to find data for input tensor")]
    public async Task A_refused_call_has_the_status_and_message_of_the_protocol(string model, string version, StatusCode status, string message)
    {
        var request = Request();
        (request.ModelName, request.ModelVersion) = (model, version);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelInferAsync(request, node.Token));
        Assert.Equal(status, error.StatusCode);
        Assert.Contains(message, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contents_of_a_wrong_kind_or_size_are_refused_by_name()
    {
        var mixed = Request();
        mixed.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { Values } };
        mixed.RawInputContents.Add(ByteString.CopyFrom(new byte[16]));
        await RefusedAsync(mixed, "contents field must not be specified when using raw_input_contents");

        var other = Request();
        other.Inputs[0].Contents = new InferTensorContents { IntContents = { 1, 2, 3, 4 } };
        await RefusedAsync(other, "unexpected explicit tensor data for input tensor");

        var few = Request();
        few.RawInputContents.Add(ByteString.CopyFrom(new byte[12]));
        await RefusedAsync(few, "Expected 16, got 12");

        var many = Request();
        many.RawInputContents.Add(ByteString.CopyFrom(new byte[16]));
        many.RawInputContents.Add(ByteString.CopyFrom(new byte[16]));
        await RefusedAsync(many, "unexpected additional input data");
    }

    [Fact]
    public async Task A_deployment_that_is_not_public_wants_a_token()
    {
        var request = Request();
        request.ModelName = "closed";
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelInferAsync(request));
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task A_stream_answers_in_order_and_outlives_a_failed_request()
    {
        using var stream = Client.ModelStreamInfer();
        for (var i = 0; i < 20; i++)
        {
            var request = Request();
            request.Id = $"{i}";
            if (i != 7)
            {
                request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([i, i, i, i])));
            }

            await stream.RequestStream.WriteAsync(request);
        }

        await stream.RequestStream.CompleteAsync();
        var next = 0;
        await foreach (var answer in stream.ResponseStream.ReadAllAsync())
        {
            Assert.Equal($"{next}", answer.InferResponse.Id);
            Assert.Equal(next == 7, answer.ErrorMessage.Length > 0);
            if (next != 7)
            {
                Assert.Equal(next + 10f, MemoryMarshal.Read<float>(answer.InferResponse.RawOutputContents[0].Span));
            }

            next++;
        }

        Assert.Equal(20, next);
    }

    [Fact]
    public async Task A_stream_ends_with_the_first_error_when_asked_to()
    {
        using var stream = Client.ModelStreamInfer(new Metadata { { "triton_grpc_error", "true" } });
        await stream.RequestStream.WriteAsync(Request());
        var error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Configuration_is_told_over_both_protocols_with_numbers_as_numbers()
    {
        var config = (await Client.ModelConfigAsync(new ModelConfigRequest { Name = "open" })).Config;
        Assert.Equal(DataType.TypeFp32, config.Input.Single().DataType);

        using var json = JsonDocument.Parse(await node.Http.GetStringAsync("/v2/models/open/config"));
        Assert.Equal(config.Input[0].Dims, json.RootElement.GetProperty("input")[0].GetProperty("dims").EnumerateArray().Select(dim => dim.GetInt64()));
        Assert.Equal(1, json.RootElement.GetProperty("version_policy").GetProperty("specific").GetProperty("versions")[0].GetInt64());
        Assert.Equal(0, json.RootElement.GetProperty("max_batch_size").GetInt32());
    }

    [Fact]
    public async Task Statistics_count_what_was_answered_and_what_failed()
    {
        var before = await StatisticsAsync();
        var request = Request();
        request.RawInputContents.Add(ByteString.CopyFrom(new byte[16]));
        await Client.ModelInferAsync(request);
        await Client.ModelInferAsync(request);
        await RefusedAsync(Request(), "unable to find data");
        var after = await StatisticsAsync();

        Assert.Equal(before.InferenceStats.Success.Count + 2, after.InferenceStats.Success.Count);
        Assert.Equal(before.InferenceStats.Fail.Count + 1, after.InferenceStats.Fail.Count);
        Assert.Equal(after.InferenceStats.Success.Count, after.InferenceStats.ComputeInfer.Count);
        Assert.True(after.InferenceStats.ComputeInfer.Ns > before.InferenceStats.ComputeInfer.Ns);

        using var json = JsonDocument.Parse(await node.Http.GetStringAsync("/v2/models/counted/stats"));
        var stats = json.RootElement.GetProperty("model_stats")[0];
        Assert.Equal(after.InferenceCount, stats.GetProperty("inference_count").GetUInt64());
        Assert.Equal("1", stats.GetProperty("version").GetString());

        async Task<ModelStatistics> StatisticsAsync() =>
            (await Client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "counted" })).ModelStats.Single();

        static ModelInferRequest Request()
        {
            var request = InferenceRpcTests.Request();
            request.ModelName = "counted";
            return request;
        }
    }

    [Fact]
    public async Task A_deployment_that_runs_requests_together_says_so_and_counts_executions_apart_from_requests()
    {
        var config = (await Client.ModelConfigAsync(new ModelConfigRequest { Name = "together" })).Config;
        Assert.Equal(8, config.MaxBatchSize);
        Assert.Equal([4], config.Input.Single().Dims);
        Assert.Equal([4], config.DynamicBatching.PreferredBatchSize);
        Assert.Equal((2000ul, 2ul, 2ul), (config.DynamicBatching.MaxQueueDelayMicroseconds, config.DynamicBatching.PriorityLevels, config.DynamicBatching.DefaultPriorityLevel));

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(async index =>
        {
            var request = Request();
            request.ModelName = "together";
            request.Parameters["priority"] = new InferParameter { Int64Param = index % 3 };
            request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([index, 0, 0, 0])));
            var answer = await Client.ModelInferAsync(request);
            return MemoryMarshal.Read<float>(answer.RawOutputContents[0].Span) - index;
        }));
        Assert.All(answers, difference => Assert.Equal(10, difference));

        var statistics = (await Client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "together" })).ModelStats.Single();
        Assert.Equal((64ul, 64ul), (statistics.InferenceCount, statistics.InferenceStats.Queue.Count));
        Assert.InRange(statistics.ExecutionCount, 8ul, 64ul);
        Assert.Equal(statistics.ExecutionCount, statistics.BatchStats.Aggregate(0ul, (sum, batch) => sum + batch.ComputeInfer.Count));
        Assert.Equal(statistics.InferenceCount, statistics.BatchStats.Aggregate(0ul, (sum, batch) => sum + (batch.BatchSize * batch.ComputeInfer.Count)));
    }

    [Fact]
    public async Task A_classified_output_is_its_greatest_values_as_texts()
    {
        var request = Request();
        request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([1.5f, 3, 2.25f, -20])));
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "y", Parameters = { ["classification"] = new InferParameter { Int64Param = 3 } } });
        var answer = await Client.ModelInferAsync(request);
        Assert.Equal(("BYTES", "1,3"), (answer.Outputs[0].Datatype, string.Join(',', answer.Outputs[0].Shape)));
        Assert.Equal("\v\0\0\013.000000:1\v\0\0\012.250000:2\v\0\0\011.500000:0", answer.RawOutputContents[0].ToStringUtf8());

        using var content = new StringContent("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1.5,3,2.25,-20]}],"outputs":[{"name":"y","parameters":{"classification":9}}]}""");
        using var http = await node.Http.PostAsync("/v2/models/open/infer", content);
        using var json = JsonDocument.Parse(await http.Content.ReadAsStringAsync());
        Assert.Equal(
            ["13.000000:1", "12.250000:2", "11.500000:0", "-10.000000:3"],
            json.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(text => text.GetString()));

        request.Outputs[0].Parameters["classification"] = new InferParameter { StringParam = "3" };
        await RefusedAsync(request, "invalid value type for 'classification' parameter, expected int64_param");
        request.Outputs[0].Parameters["classification"] = new InferParameter { Int64Param = 0 };
        await RefusedAsync(request, "invalid value for 'classification' parameter, expected >= 0");
    }

    [Fact]
    public async Task The_index_lists_what_is_served_over_both_protocols()
    {
        var index = await Client.RepositoryIndexAsync(new RepositoryIndexRequest(), node.Token);
        var open = index.Models.Single(model => model.Name == "open");
        Assert.Equal(("1", "READY"), (open.Version, open.State));

        using var answer = await node.Http.PostAsync("/v2/repository/index", content: null);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Contains(json.RootElement.EnumerateArray(), model => model.GetProperty("name").GetString() == "open" && !model.TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task Health_and_reflection_answer_without_a_token()
    {
        var health = new global::Grpc.Health.V1.Health.HealthClient(node.Channel);
        Assert.Equal(global::Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving, (await health.CheckAsync(new())).Status);

        var reflection = new global::Grpc.Reflection.V1Alpha.ServerReflection.ServerReflectionClient(node.Channel);
        using var stream = reflection.ServerReflectionInfo();
        await stream.RequestStream.WriteAsync(new() { ListServices = "" });
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Contains(stream.ResponseStream.Current.ListServicesResponse.Service, service => service.Name == "inference.GRPCInferenceService");
    }

    [Fact]
    public async Task A_sequence_is_remembered_over_both_protocols()
    {
        var first = Sum(1, ("sequence_id", new InferParameter { Uint64Param = 7 }), ("sequence_start", new InferParameter { BoolParam = true }));
        Assert.Equal(1, MemoryMarshal.Read<float>((await Client.ModelInferAsync(first)).RawOutputContents[0].Span));
        using var second = new StringContent("""{"parameters":{"sequence_id":7,"sequence_end":true},"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[4]}],"outputs":[{"name":"sum"}]}""");
        using var answer = await node.Http.PostAsync("/v2/models/sums/infer", second);
        Assert.Contains("\"data\":[5]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        foreach (var (request, message) in new[]
        {
            (Sum(1, ("sequence_id", new InferParameter { Int64Param = 7 })), "inference request for sequence 7 to model 'sums' must specify the START flag on the first request of the sequence"),
            (Sum(1, ("sequence_id", new InferParameter { Int64Param = 0 })), "must specify a non-zero or non-empty correlation ID"),
            (Sum(1, ("sequence_start", new InferParameter { Int64Param = 1 })), "invalid value type for 'sequence_start' parameter, expected bool_param."),
        })
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelInferAsync(request));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.Contains(message, error.Status.Detail, StringComparison.Ordinal);
        }

        var config = (await Client.ModelConfigAsync(new ModelConfigRequest { Name = "sums" })).Config;
        Assert.Equal((8, 16, 1_000_000UL), (config.MaxBatchSize, config.SequenceBatching.Oldest.MaxCandidateSequences, config.SequenceBatching.MaxSequenceIdleMicroseconds));
        Assert.Equal("x", Assert.Single(config.Input).Name);

        static ModelInferRequest Sum(float value, params (string Name, InferParameter Value)[] parameters)
        {
            var request = new ModelInferRequest { ModelName = "sums", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 1 } } } };
            request.RawInputContents.Add(ByteString.CopyFrom(BitConverter.GetBytes(value)));
            foreach (var (name, parameter) in parameters)
            {
                request.Parameters[name] = parameter;
            }

            return request;
        }
    }

    private static ModelInferRequest Request() => new()
    {
        ModelName = "open",
        Id = "mine",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = Fixture.Input, Datatype = "FP32", Shape = { 1, 4 } } },
    };

    private async Task RefusedAsync(ModelInferRequest request, string message)
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelInferAsync(request));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(message, error.Status.Detail, StringComparison.Ordinal);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public const string Input = "x";
        private ServingNode _node = null!;

        internal GRPCInferenceService.GRPCInferenceServiceClient Client { get; private set; } = null!;

        public GrpcChannel Channel { get; private set; } = null!;

        public Uri RpcUrl => _node.RpcUrl;

        public HttpClient Http { get; private set; } = null!;

        public Metadata Token { get; } = [];

        public async Task InitializeAsync()
        {
            _node = await ServingNode.StartAsync();
            await _node.RegisterAsync(10);
            await _node.DeployAsync("open", isPublic: true);
            await _node.RegisterAsync(OffsetModel.Write(10, isWide: true), "wide");
            await _node.DeployAsync("wide", isPublic: true, model: "wide");
            await _node.DeployAsync("counted", isPublic: true);
            await _node.DeployAsync("closed");
            await _node.DeployAsync("together", isPublic: true, new BatchingSpec { MaximumBatchSize = 8, MaximumDelayMicroseconds = 2000, PreferredBatchSizes = [4], PriorityLevels = 2 });
            await _node.RegisterAsync(AccumulatorModel.Write(), "accumulator");
            await _node.DeployAsync("sums", isPublic: true, model: "accumulator", sequence: AccumulatorModel.Spec(SequenceStrategy.Oldest));
            Http = _node.Client();
            Token.Add("authorization", Http.DefaultRequestHeaders.Authorization!.ToString());
            Channel = GrpcChannel.ForAddress(_node.RpcUrl);
            Client = new(Channel);
        }

        public async Task DisposeAsync()
        {
            Http.Dispose();
            Channel.Dispose();
            await _node.DisposeAsync();
        }
    }
}
