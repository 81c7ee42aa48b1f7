using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Decoupled models over the protocol: a stream of gRPC, and generate_stream.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class DecoupledProtocolTests(ProtocolNode node)
{
    private const string Final = "triton_final_response";

    [Fact]
    public async Task A_decoupled_model_answers_streams_and_refuses_calls_of_one_answer()
    {
        var files = ForeignModelTests.Moody.Append(("decoupled.txt", Array.Empty<byte>())).Select(file => ($"1/{file.Item1}", file.Item2)).ToArray();
        using var loaded = await node.LoadAsync("decoupled", null, "backend: \"dotnet\"\nmodel_transaction_policy { decoupled: true }\n", files);
        Assert.True(loaded.IsSuccessStatusCode, await loaded.Content.ReadAsStringAsync());
        Assert.True((await node.Rpc.ModelConfigAsync(new ModelConfigRequest { Name = "decoupled" })).Config.ModelTransactionPolicy.Decoupled);

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

        await StreamAsync();
        for (var began = Stopwatch.GetTimestamp(); (await EventsAsync("""{"x":[-8]}""")).Single().Split(',')[1] == "0";)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "The predictor goes on although its caller has cancelled.");
            await Task.Delay(20);
        }
    }

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
    private async Task<List<string>> EventsAsync(string body)
    {
        using var response = await node.Http.PostAsync("/v2/models/decoupled/generate_stream", new StringContent(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(part =>
        {
            using var json = System.Text.Json.JsonDocument.Parse(part["data: ".Length..]);
            return json.RootElement.TryGetProperty("y", out var y) ? y.ToString().Trim('[', ']') : json.RootElement.GetProperty("error").GetString()!;
        })];
    }
}
