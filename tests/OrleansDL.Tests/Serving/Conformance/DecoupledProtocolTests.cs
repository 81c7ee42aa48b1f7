using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Predictors;
using OrleansDL.Serving;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Decoupled models over the protocol: a stream of gRPC, and generate_stream.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class DecoupledProtocolTests(ProtocolNode node)
{
    private const string Final = "triton_final_response";

    /// <summary>What tests/OrleansDL.TestPredictor takes for the order to answer for ever.</summary>
    private const float GoOn = -7;

    [Fact]
    public async Task A_decoupled_model_answers_streams_and_refuses_calls_of_one_answer()
    {
        await LoadAsync("decoupled");
        Assert.True((await node.Rpc.ModelConfigAsync(new ModelConfigRequest { Name = "decoupled" })).Config.ModelTransactionPolicy.Decoupled);

        // Refused for what it is, before anything of the request is looked at.
        using var unread = await node.Http.PostAsync("/v2/models/decoupled/infer", new StringContent("nonsense"));
        Assert.Equal(HttpStatusCode.NotImplemented, unread.StatusCode);
        using var refused = await node.Http.PostAsync("/v2/models/decoupled/infer", new StringContent("""{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]}"""));
        Assert.Equal(HttpStatusCode.NotImplemented, refused.StatusCode);
        Assert.Equal("""{"error":"HTTP end point doesn't support models with decoupled transaction policy"}""", await refused.Content.ReadAsStringAsync());
        var unary = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.ModelInferAsync(Request("unary", false, 1)));
        Assert.Equal((StatusCode.Unimplemented, "ModelInfer RPC doesn't support models with decoupled transaction policy"), (unary.StatusCode, unary.Status.Detail));

        Assert.Equal(["3", "6", "9"], await EventsAsync("""{"x":[1,2,3]}"""));
        Assert.Equal(["3", "Model 'decoupled@1' failed: NotSupportedException: not today"], await EventsAsync("""{"x":[1,-1]}"""));
        using var one = await node.Http.PostAsync("/v2/models/decoupled/generate", new StringContent("""{"id":"a","x":[4]}"""));
        Assert.Equal("""{"id":"a","model_name":"decoupled","model_version":"1","y":12}""", await one.Content.ReadAsStringAsync());
        using var two = await node.Http.PostAsync("/v2/models/decoupled/generate", new StringContent("""{"x":[4,5]}"""));
        Assert.Contains("generate expects model to produce exactly 1 response", await two.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var (_, ended) = await CountsAsync();
        await StreamAsync();
        await Eventually.TrueAsync("the predictor to end what its caller has cancelled", async () => (await CountsAsync()).Ended > ended);
    }

    [Fact]
    public async Task A_front_on_another_node_that_leaves_between_two_answers_ends_them()
    {
        await LoadAsync("decoupled");
        var (_, ended) = await CountsAsync();
        var route = node.Node.Services.GetRequiredService<RouteTable>().Find("default", "decoupled")!.Route;
        var remote = new RemoteReplica(node.Node.Grains.GetGrain<IReplicaGrain>($"{route.Workers[0]}/{route.Generation}"));
        await using (var answers = await AnswerStream.BeginAsync(remote, Tensors(GoOn), default))
        {
            var first = Made(answers);
            for (var read = 1; read <= 40; read++)
            {
                Assert.True(await answers.NextAsync());
                Assert.Equal(first + read, Made(answers));
            }
        }

        await Eventually.TrueAsync("the predictor to end what its front has left", async () => (await CountsAsync()).Ended > ended);
        await using var whole = await AnswerStream.BeginAsync(remote, Tensors(1, 2), default);
        Assert.True(await whole.NextAsync());
        Assert.False(await whole.NextAsync());
        await Assert.ThrowsAsync<InvalidException>(async () => await AnswerStream.BeginAsync(remote, Tensors(-1), default));
        Assert.True(node.Node.Services.GetRequiredService<PredictorHosts>().Of("default").Pid > 0);

        static float Made(AnswerStream answers) => MemoryMarshal.Read<float>(answers.Current.Outputs[0].Data.Span);
        static InferRequest Tensors(params float[] values) => new()
        {
            Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, values.Length], Data = MemoryMarshal.AsBytes<float>(values).ToArray() }],
        };
    }

    [Fact]
    public async Task Answers_are_counted_by_their_number_in_the_request()
    {
        await LoadAsync("counted");
        await EventsAsync("""{"x":[1,2,3]}""", "counted");
        await EventsAsync("""{"x":[1,-1]}""", "counted");
        Assert.Empty(await EventsAsync("""{"x":[]}""", "counted"));
        var counted = (await node.Http.GetFromJsonAsync<JsonElement>("/v2/models/counted/stats")).GetProperty("model_stats")[0];
        var responses = counted.GetProperty("response_stats").EnumerateObject().ToDictionary(
            response => response.Name, response => response.Value.EnumerateObject().Where(one => one.Value.GetProperty("count").GetInt64() > 0).ToDictionary(one => one.Name, one => one.Value.GetProperty("count").GetInt64()));
        Assert.Equal(new() { ["compute_infer"] = 3, ["compute_output"] = 2, ["success"] = 2, ["empty_response"] = 1 }, responses["0"]);
        Assert.Equal(new() { ["compute_infer"] = 2, ["compute_output"] = 2, ["success"] = 1, ["fail"] = 1 }, responses["1"]);
        Assert.Equal(new() { ["compute_infer"] = 1, ["compute_output"] = 1, ["success"] = 1 }, responses["2"]);
        Assert.Equal(new() { ["compute_infer"] = 1, ["empty_response"] = 1 }, responses["3"]);
        Assert.Equal((2, 2), (counted.GetProperty("inference_count").GetInt64(), counted.GetProperty("execution_count").GetInt64()));
        Assert.Equal((2, 1), (Count("success"), Count("fail")));
        var metrics = await node.Http.GetStringAsync("/metrics");
        Assert.Matches(@"nv_inference_first_response_histogram_ms_count\{model=""counted""[^}]*\} 2\n", metrics);

        long Count(string name) => counted.GetProperty("inference_stats").GetProperty(name).GetProperty("count").GetInt64();
    }

    [Fact]
    public async Task A_hundred_callers_at_once_get_each_its_own_answers_in_order_while_one_that_reads_nothing_is_waited_for()
    {
        await LoadAsync("decoupled");
        using var silent = node.Rpc.ModelStreamInfer();
        await silent.RequestStream.WriteAsync(Request("silent", false, GoOn));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => number % 4 == 0 ? EventAsync(number) : RpcAsync(number)));

        // What is on its way to it, and no more, was made.
        (int Made, int Ended) before = default;
        await Eventually.TrueAsync("the predictor to wait for its reader", async () =>
        {
            var (last, now) = (before, await CountsAsync());
            before = now;
            return now.Made > 0 && now == last;
        });
        Assert.InRange(before.Made, 1, 50_000);

        async Task EventAsync(int number) =>
            Assert.Equal(Values(number).Select(value => $"{value * 3}"), await EventsAsync($"{{\"x\":[{string.Join(',', Values(number))}]}}"));

        async Task RpcAsync(int number)
        {
            using var stream = node.Rpc.ModelStreamInfer();
            await stream.RequestStream.WriteAsync(Request($"{number}", true, Values(number)));
            await stream.RequestStream.CompleteAsync();
            List<float> got = [];
            await foreach (var response in stream.ResponseStream.ReadAllAsync())
            {
                Assert.Equal(("", $"{number}"), (response.ErrorMessage, response.InferResponse.Id));
                got.AddRange(response.InferResponse.RawOutputContents.SelectMany(raw => MemoryMarshal.Cast<byte, float>(raw.Span).ToArray()));
            }

            Assert.Equal(Values(number).Select(value => value * 3), got);
        }

        static float[] Values(int number) => [.. Enumerable.Range(1, 20 + (number % 7)).Select(value => (float)((number * 100) + value))];
    }

    [Fact]
    public async Task A_decoupled_model_is_warmed_and_not_batched()
    {
        const string WarmUp = """model_warmup [{ name: "zero" batch_size: 1 inputs { key: "x" value { data_type: TYPE_FP32 dims: [3] zero_data: true } } }]""";
        using var warmed = await node.LoadAsync("warmed", null, "backend: \"dotnet\"\nmax_batch_size: 4\n" + WarmUp, Files);
        Assert.True(warmed.IsSuccessStatusCode, await warmed.Content.ReadAsStringAsync());
        Assert.True((await node.Rpc.ModelConfigAsync(new ModelConfigRequest { Name = "warmed" })).Config.ModelTransactionPolicy.Decoupled);
        Assert.Equal(["3", "6"], await EventsAsync("""{"x":[1,2]}""", "warmed"));
        using var batched = await node.LoadAsync("batched", null, "backend: \"dotnet\"\nmax_batch_size: 4\ndynamic_batching { }\n", Files);
        Assert.Equal(HttpStatusCode.BadRequest, batched.StatusCode);
        Assert.Contains("Model 'batched@1' is decoupled: each request is answered for itself", await batched.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static (string Path, byte[] Bytes)[] Files => [.. ForeignModelTests.Moody.Append(("decoupled.txt", [])).Select(file => ($"1/{file.Item1}", file.Item2))];

    private async Task LoadAsync(string model)
    {
        using var ready = await node.Http.GetAsync($"/v2/models/{model}/ready");
        if (!ready.IsSuccessStatusCode)
        {
            using var loaded = await node.LoadAsync(model, null, "backend: \"dotnet\"\nmodel_transaction_policy { decoupled: true }\n", Files);
            Assert.True(loaded.IsSuccessStatusCode, await loaded.Content.ReadAsStringAsync());
        }
    }

    /// <summary>Answers of requests that never end, and how many of those were ended.</summary>
    private async Task<(int Made, int Ended)> CountsAsync() =>
        (await EventsAsync("""{"x":[-8]}""")).Single().Split(',') is [var made, var ended] ? ((int)float.Parse(made, CultureInfo.InvariantCulture), int.Parse(ended, CultureInfo.InvariantCulture)) : default;

    private async Task StreamAsync()
    {
        using var stream = node.Rpc.ModelStreamInfer();

        // Beside answers that never end the others get theirs, and an error is one request's.
        await stream.RequestStream.WriteAsync(Request("endless", false, -7));
        await stream.RequestStream.WriteAsync(Request("broken", true, 5, -1));
        await stream.RequestStream.WriteAsync(Request("none", false));
        await stream.RequestStream.WriteAsync(Request("whole", true, 1, 2));
        List<ModelStreamInferResponse> responses = [];
        while (!IsFinal("whole") || !responses.Exists(response => response.ErrorMessage.Length > 0) || !responses.Exists(response => response.InferResponse.Id == "endless"))
        {
            Assert.True(await stream.ResponseStream.MoveNext());
            responses.Add(stream.ResponseStream.Current);
        }

        Assert.Equal(["3", "6", ""], Texts("whole"));
        Assert.Equal([false, false, true], responses.Where(response => response.InferResponse.Id == "whole").Select(response => response.InferResponse.Parameters[Final].BoolParam));
        Assert.Equal(["15", "Model 'decoupled@1' failed: NotSupportedException: not today"], Texts("broken"));
        Assert.Empty(Texts("none"));
        Assert.Equal("1", Texts("endless")[0]);

        bool IsFinal(string id) => responses.Exists(response => response.InferResponse.Id == id && response.InferResponse.Parameters.TryGetValue(Final, out var final) && final.BoolParam);
        List<string> Texts(string id) => [.. responses.Where(response => response.InferResponse.Id == id).Select(response => response.ErrorMessage.Length > 0
            ? response.ErrorMessage
            : string.Join(',', response.InferResponse.RawOutputContents.SelectMany(raw => MemoryMarshal.Cast<byte, float>(raw.Span).ToArray())))];
    }

    private static ModelInferRequest Request(string id, bool wantsFinal, params float[] values)
    {
        var request = new ModelInferRequest
        {
            ModelName = "decoupled",
            Id = id,
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, values.Length } } },
            RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)) },
        };
        if (wantsFinal)
        {
            request.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        }

        return request;
    }

    /// <summary>What each event holds: the output, or an error.</summary>
    private async Task<List<string>> EventsAsync(string body, string model = "decoupled")
    {
        using var response = await node.Http.PostAsync($"/v2/models/{model}/generate_stream", new StringContent(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(part =>
        {
            using var json = JsonDocument.Parse(part["data: ".Length..]);
            return json.RootElement.TryGetProperty("y", out var y) ? y.ToString().Trim('[', ']') : json.RootElement.GetProperty("error").GetString()!;
        })];
    }
}
