using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Serving;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Architecture;

namespace OrleansDL.Tests.Serving.Generation;

/// <summary>Texts continued over every door of one real node, and by a grain call as from another node's front.</summary>
public sealed class TextServingTests(TextServingTests.Fixture node) : IClassFixture<TextServingTests.Fixture>
{
    private const string Known = " green blue";

    [Fact]
    public async Task Generate_answers_at_once_with_the_whole_text_and_an_inference_id()
    {
        var (status, answer, id) = await PostAsync("/v2/models/lines/generate", new { text_input = "red", id = "mine", parameters = new { max_tokens = 29 } });
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            """{"id":"mine","model_name":"lines","model_version":"1","text_output":" green blue","finish_reason":"stop","prompt_tokens":3,"completion_tokens":11}""",
            answer.GetRawText());
        Assert.NotNull(InferenceId.GenerationOf(id!.Value));
    }

    [Fact]
    public async Task A_generated_stream_is_the_same_text_in_parts()
    {
        var events = await EventsAsync("/projects/default/v2/models/lines/versions/1/generate_stream", new { text_input = "red", max_tokens = 29 });
        Assert.True(events.Count > 5);
        Assert.Equal(Known, string.Concat(events.Select(part => JsonDocument.Parse(part).RootElement.GetProperty("text_output").GetString())));
        Assert.Contains("\"finish_reason\":\"stop\"", events[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lines", """{"max_tokens": 3}""", 400, "the request has no 'text_input', the text to go on from")]
    [InlineData("lines", """{"text_input": 5}""", 400, "'text_input' is a text")]
    [InlineData("lines", """{"text_input": "a", "temperature": -1}""", 400, "temperature is -1. Give a number from 0 to 100.")]
    [InlineData("lines", """{"text_input": "a", "stop": [1]}""", 400, "'stop' is a text or a list of texts")]
    [InlineData("lines", "[", 400, "failed to parse the request JSON buffer")]
    [InlineData("nobody", "{}", 400, "Request for unknown model: 'nobody' is not found")]
    [InlineData("offset", """{"x": [1, 2, 3]}""", 400, "input 'x' has 3 elements, which do not fill its shape [-1,4]")]
    public async Task What_generate_refuses_is_an_error_before_any_event(string model, string body, int status, string message)
    {
        foreach (var path in (string[])["generate", "generate_stream"])
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await node.Http.PostAsync($"/v2/models/{model}/{path}", content);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Contains(message, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_model_of_tensors_takes_and_gives_them_as_flat_fields()
    {
        var (_, answer, _) = await PostAsync("/v2/models/offset/generate", new { x = new[] { 1.5, 2, 3, 4 } });
        Assert.Equal("""{"model_name":"offset","model_version":"1","y":[11.5,12,13,14]}""", answer.GetRawText());
    }

    [Fact]
    public async Task A_stream_of_rpc_mixes_texts_with_tensors_and_says_which_part_is_a_texts_last()
    {
        using var stream = node.Rpc.ModelStreamInfer(node.Token);
        foreach (var text in (string[])["red", "one", "nothing goes on from a text as long as this one is"])
        {
            await stream.RequestStream.WriteAsync(Text(text));
        }

        var tensors = new ModelInferRequest { ModelName = "offset", Id = "tensors", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 4 } } } };
        tensors.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([1, 2, 3, 4])));
        await stream.RequestStream.WriteAsync(tensors);
        await stream.RequestStream.CompleteAsync();
        var answers = new List<ModelStreamInferResponse>();
        await foreach (var answer in stream.ResponseStream.ReadAllAsync())
        {
            answers.Add(answer);
        }

        Assert.Equal((Known, " two three four"), (TextOf(answers, "red"), TextOf(answers, "one")));
        Assert.Single(answers, answer => answer.InferResponse.Id == "tensors" && answer.ErrorMessage.Length == 0);
        Assert.Contains("takes 32 with those it adds", Assert.Single(answers, answer => answer.ErrorMessage.Length > 0).ErrorMessage, StringComparison.Ordinal);
        Assert.All(answers.Where(answer => answer.ErrorMessage.Length == 0), answer => Assert.NotNull(InferenceId.GenerationOf(Guid.Parse(answer.InferResponse.Parameters["odl-inference-id"].StringParam))));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.ModelInferAsync(Text("red"), node.Token));
        Assert.Equal(StatusCode.Unimplemented, refused.StatusCode);
        Assert.StartsWith("ModelInfer RPC doesn't support models with decoupled transaction policy", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_completion_is_answered_as_openai_does()
    {
        var (status, answer, id) = await PostAsync("/openai/v1/completions", new { model = "lines", prompt = new[] { "red", "one t" }, max_tokens = 27, temperature = 0 });
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(($"cmpl-{id}", "text_completion", "lines"), (answer.GetProperty("id").GetString(), answer.GetProperty("object").GetString(), answer.GetProperty("model").GetString()));
        Assert.Equal([Known, "wo three four"], answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()));
        Assert.Equal("""{"prompt_tokens":8,"completion_tokens":24,"total_tokens":32}""", answer.GetProperty("usage").GetRawText());

        var events = await EventsAsync("/openai/v1/completions", new { model = "lines", prompt = "red", max_tokens = 3, temperature = 0, stream = true, stream_options = new { include_usage = true } });
        Assert.Equal("[DONE]", events[^1]);
        var chunks = events.SkipLast(1).Select(part => JsonDocument.Parse(part).RootElement).ToList();
        Assert.Equal(" gr", string.Concat(chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Select(choice => choice.GetProperty("text").GetString())));
        Assert.All(chunks.SkipLast(1), chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.Equal("length", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(3, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task A_chat_is_a_text_of_lines_that_the_model_goes_on_from()
    {
        var messages = new object[] { new { role = "user", content = new[] { new { type = "text", text = "hi" } } } };
        var (_, answer, _) = await PostAsync("/openai/v1/chat/completions", new { model = "lines", messages, max_completion_tokens = 2, temperature = 0 });
        var expected = await PostAsync("/v2/models/lines/generate", new { text_input = "user: hi\nassistant:", max_tokens = 2 });
        var choice = answer.GetProperty("choices")[0];
        Assert.Equal(("assistant", expected.Body.GetProperty("text_output").GetString()), (choice.GetProperty("message").GetProperty("role").GetString(), choice.GetProperty("message").GetProperty("content").GetString()));
        Assert.Equal(19, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());

        var events = await EventsAsync("/openai/v1/chat/completions", new { model = "lines", messages, max_tokens = 2, temperature = 0, stream = true });
        Assert.Contains("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}", events[0], StringComparison.Ordinal);
        Assert.Contains("\"delta\":{}", events[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_are_the_vectors_of_the_model_as_numbers_or_bytes()
    {
        var (_, plain, _) = await PostAsync("/openai/v1/embeddings", new { model = "moods", input = new[] { "warm sunny bright 1", "cold dark rainy 2" } });
        var vector = plain.GetProperty("data")[1].GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle()).ToArray();
        Assert.Equal(4, vector.Length);
        Assert.Equal(8, plain.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        var (_, packed, _) = await PostAsync("/openai/v1/embeddings", new { model = "moods", input = "cold dark rainy 2", encoding_format = "base64" });
        Assert.Equal(vector, MemoryMarshal.Cast<byte, float>(packed.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64()).ToArray());
    }

    [Theory]
    [InlineData("completions", """{"model": "nobody", "prompt": "a"}""", 404, "model_not_found", "model")]
    [InlineData("completions", """{"model": "lines"}""", 400, null, "prompt")]
    [InlineData("completions", """{"model": "lines", "prompt": "a", "n": 2}""", 400, null, "n")]
    [InlineData("completions", """{"model": "lines", "prompt": "a", "logprobs": 3}""", 400, null, "logprobs")]
    [InlineData("completions", """{"model": "moods", "prompt": "a"}""", 400, null, "model")]
    [InlineData("completions", """{"model": "lines", "prompt": "a", "top_p": 2}""", 400, null, "top_p")]
    [InlineData("chat/completions", """{"model": "lines", "messages": [{"role": "robot", "content": "x"}]}""", 400, null, "messages[0].role")]
    [InlineData("embeddings", """{"model": "lines", "input": "a"}""", 400, null, null)]
    [InlineData("embeddings", """{"model": "moods", "input": [1, 2]}""", 400, null, "input")]
    public async Task What_is_refused_has_openais_shape(string path, string body, int status, string? code, string? field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await node.Http.PostAsync($"/openai/v1/{path}", content);
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal((status, code, field, "invalid_request_error"), ((int)answer.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString(), error.GetProperty("type").GetString()));
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task OpenAIs_own_library_gets_what_its_users_expect()
    {
        var folder = Path.Combine(Sources.Root, "tests", "clients");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "openai")))
        {
            throw new InvalidOperationException("OpenAI's library is not installed. tests/run installs it, or: npm ci --prefix tests/clients --ignore-scripts");
        }

        var token = node.Http.DefaultRequestHeaders.Authorization!.Parameter!;
        var output = await ForeignProgram.RunAsync("node", [], [Path.Combine(folder, "openai.js"), node.Node.Url.ToString().TrimEnd('/'), token, "lines", "moods"]);
        Assert.Equal("all right", output.Trim());
    }

    [Fact]
    public async Task Models_are_the_deployments_that_answer_and_a_token_is_wanted()
    {
        var list = await node.Http.GetFromJsonAsync<JsonElement>("/openai/v1/models");
        Assert.Equal(["lines", "moods", "offset"], list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.InRange((await node.Http.GetFromJsonAsync<JsonElement>("/openai/v1/models/lines")).GetProperty("created").GetInt64(), 1_700_000_000, 10_000_000_000);
        using var nobody = node.Node.Client(withToken: false);
        using var refused = await nobody.PostAsJsonAsync("/openai/v1/completions", new { model = "lines", prompt = "a" });
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("invalid_api_key", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_front_on_another_node_gets_the_same_text_by_a_grain_call()
    {
        var route = node.Node.Services.GetRequiredService<RouteTable>().Find("default", "lines")!.Route;
        var grain = node.Node.Grains.GetGrain<IReplicaGrain>($"{route.Workers[0]}/{route.Generation}");
        var remote = new RemoteReplica(grain);
        var text = new StringBuilder();
        await foreach (var piece in remote.Generate(new GenerateRequest { Text = "red", MaximumTokens = 29 }, default))
        {
            text.Append(piece.Text);
        }

        Assert.Equal(Known, text.ToString());
        await Assert.ThrowsAsync<InvalidException>(async () => await GeneratedText.BeginAsync(remote, new GenerateRequest { Text = "" }, default));
        var gone = new RemoteReplica(node.Node.Grains.GetGrain<IReplicaGrain>($"{route.Workers[0]}/999999"));
        await Assert.ThrowsAsync<NoCapacityException>(async () => await GeneratedText.BeginAsync(gone, new GenerateRequest { Text = "red" }, default));
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_text_over_every_door()
    {
        var local = node.Node.Services.GetRequiredService<LocalReplicas>();
        var generation = node.Node.Services.GetRequiredService<RouteTable>().Find("default", "lines")!.Route.Generation!.Value;
        var real = await local.RemoveAsync(generation);
        foreach (var (path, body) in new (string, object)[]
        {
            ("/v2/models/lines/generate", new { text_input = "red" }),
            ("/v2/models/lines/generate_stream", new { text_input = "red" }),
            ("/openai/v1/completions", new { model = "lines", prompt = new[] { "red", "one" } }),
            ("/openai/v1/chat/completions", new { model = "lines", messages = new[] { new { role = "user", content = "red" } }, stream = true }),
        })
        {
            await LeaveAsync(async leaves =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
                using var answer = await node.Http.SendAsync(request, HttpCompletionOption.ResponseContentRead, leaves);
            });
        }

        await LeaveAsync(async leaves =>
        {
            using var stream = node.Rpc.ModelStreamInfer(node.Token, cancellationToken: leaves);
            await stream.RequestStream.WriteAsync(Text("red"), leaves);
            while (await stream.ResponseStream.MoveNext(leaves))
            {
                // Until the caller leaves.
            }
        });
        local.Add(generation, real!);

        async Task LeaveAsync(Func<CancellationToken, Task> ask)
        {
            var endless = new EndlessText();
            local.Add(generation, endless);
            using var leaves = new CancellationTokenSource();
            var asking = ask(leaves.Token);
            await endless.Begun;
            await leaves.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => asking);
            await endless.Left.WaitAsync(TimeSpan.FromSeconds(30));
            await local.RemoveAsync(generation);
        }
    }

    private static ModelInferRequest Text(string text)
    {
        var bytes = new byte[4 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - 4);
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(4));
        return new ModelInferRequest
        {
            ModelName = "lines",
            Id = text,
            Parameters = { ["max_tokens"] = new InferParameter { Int64Param = 25 } },
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "text_input", Datatype = "BYTES", Shape = { 1 } } },
            RawInputContents = { ByteString.CopyFrom(bytes) },
        };
    }

    private static string TextOf(List<ModelStreamInferResponse> answers, string id)
    {
        var parts = answers.Where(answer => answer.InferResponse.Id == id).Select(answer => answer.InferResponse).ToList();
        Assert.All(parts.SkipLast(1), part => Assert.False(part.Parameters["triton_final_response"].BoolParam));
        Assert.True(parts[^1].Parameters["triton_final_response"].BoolParam);
        return string.Concat(parts.SelectMany(part => part.RawOutputContents).Select(raw => Encoding.UTF8.GetString(raw.Span[4..])));
    }

    private async Task<(HttpStatusCode Status, JsonElement Body, Guid? Id)> PostAsync(string path, object body)
    {
        using var answer = await node.Http.PostAsJsonAsync(path, body);
        var id = answer.Headers.TryGetValues("odl-inference-id", out var values) ? Guid.Parse(values.Single()) : (Guid?)null;
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(), id);
    }

    private async Task<List<string>> EventsAsync(string path, object body)
    {
        using var answer = await node.Http.PostAsJsonAsync(path, body);
        Assert.Equal("text/event-stream; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var text = await answer.Content.ReadAsStringAsync();
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(part => part["data: ".Length..])];
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private GrpcChannel _channel = null!;

        internal ServingNode Node { get; private set; } = null!;

        internal HttpClient Http { get; private set; } = null!;

        internal GRPCInferenceService.GRPCInferenceServiceClient Rpc { get; private set; } = null!;

        internal Metadata Token { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Node = await ServingNode.StartAsync();
            await Node.RegisterAsync(10);
            await Node.RegisterFolderAsync("gpt", GoldenModels.Gpt);
            await Node.RegisterFolderAsync("bag", GoldenModels.Embedding);
            foreach (var (name, model) in new[] { ("offset", ServingNode.Model), ("lines", "gpt"), ("moods", "bag") })
            {
                var deployment = await Node.DeployAsync(name, model: model);
                Assert.True(deployment.Status is DeploymentStatus.Ready, deployment.Reason);
            }

            Http = Node.Client();
            Token = new Metadata { { "authorization", Http.DefaultRequestHeaders.Authorization!.ToString() } };
            _channel = GrpcChannel.ForAddress(Node.RpcUrl);
            Rpc = new GRPCInferenceService.GRPCInferenceServiceClient(_channel);
        }

        public async Task DisposeAsync()
        {
            _channel.Dispose();
            Http.Dispose();
            await Node.DisposeAsync();
        }
    }
}
