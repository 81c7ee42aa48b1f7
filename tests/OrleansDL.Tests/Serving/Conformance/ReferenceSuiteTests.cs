using System.Text;
using OrleansDL.Tests.Serving.Ensembles;
using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>What the reference server's own suites send, and what they look for in the answers.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class ReferenceSuiteTests(ProtocolNode node)
{
    private const int OfText = 8;
    private const int OfBool = 9;
    private const string OneText = """{"inputs":[{"name":"INPUT0","shape":[1,1],"datatype":"BYTES","parameters":{"binary_data_size":5}}]}""";
    private const string NoJson = "failed to parse the request JSON buffer: Invalid value. at 0";

    [Fact]
    public async Task A_raw_request_of_a_text_is_for_models_of_one_text_and_bytes_that_are_none_are_refused()
    {
        await LoadedAsync("raw_texts", Texts(), Config("TYPE_STRING", "-1"));
        await LoadedAsync("raw_text", Texts(), Config("TYPE_STRING", "1"));
        await ExpectAsync("raw_texts/infer", "427", 400, "For BYTE datatype raw input 'INPUT0', the model must have input shape [1]", ("Inference-Header-Content-Length", "0"));
        using var odd = new HttpRequestMessage(HttpMethod.Post, "/v2/models/raw_text/infer")
        {
            Content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(OneText), 1, 0, 0, 0, 0xFA]),
            Headers = { { "Inference-Header-Content-Length", $"{OneText.Length}" } },
        };
        using var refused = await node.Http.SendAsync(odd);
        Assert.Contains("element 0 of inference input 'INPUT0' for model 'raw_text", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await ExpectAsync("raw_text/infer", "427", 200, "\x03\0\0\0" + "427", ("Inference-Header-Content-Length", "0"));
    }

    [Theory]
    [InlineData("", true, true)]
    [InlineData("""
        "outputs":[{"name":"up","parameters":{"binary_data":true}},{"name":"down","parameters":{"binary_data":false}}],
        """, false, true)]
    [InlineData("""
        "outputs":[{"name":"up","parameters":{"binary_data":true}},{"name":"down"}],
        """, false, true)]
    [InlineData("""
        "parameters":{"binary_data_output":true},
        """, false, false)]
    [InlineData("""
        "parameters":{"binary_data_output":true},"outputs":[{"name":"up","parameters":{"binary_data":false}},{"name":"down"}],
        """, true, true)]
    public async Task An_output_is_binary_when_it_says_so_or_when_none_is_listed_and_the_request_does(string more, bool upIsJson, bool downIsJson)
    {
        await LoadedAsync("listed", SmallModels.Two(2), null);
        var answer = await PostAsync("/v2/models/listed/infer", $$$"""{{{{more}}} "inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""");
        Assert.Equal(upIsJson, answer.Text.Contains("\"data\":[3,4,5,6]", StringComparison.Ordinal));
        Assert.Equal(downIsJson, answer.Text.Contains("\"data\":[2,4,6,8]", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("repository/index")]
    [InlineData("repository/models/chunked/load")]
    [InlineData("repository/models/chunked/unload")]
    [InlineData("models/chunked/trace/setting")]
    [InlineData("models/chunked/generate")]
    [InlineData("models/chunked/infer")]
    [InlineData("logging")]
    public async Task A_body_of_very_many_chunks_that_is_no_JSON_is_refused_in_the_usual_words(string path)
    {
        await LoadedAsync("chunked", OffsetModel.Write(1), null);
        using var many = new HttpRequestMessage(HttpMethod.Post, "/v2/" + path) { Content = new ChunkedContent(100_000) };
        using var response = await node.Http.SendAsync(many);
        Assert.Contains(NoJson, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(400, (int)response.StatusCode);
    }

    [Fact]
    public async Task Generate_takes_inputs_in_their_own_types_once_each_and_parameters_that_are_no_objects()
    {
        await LoadedAsync("prompted", Model(
            Node("Identity", "TEXT", "PROMPT"), Node("Identity", "SENT", "STREAM"), Text(2, "prompted"),
            End(11, "PROMPT", OfText, 1), End(11, "STREAM", OfBool, 1), End(12, "TEXT", OfText, 1), End(12, "SENT", OfBool, 1)), "max_batch_size: 0");
        foreach (var path in (string[])["prompted/generate", "prompted/generate_stream"])
        {
            foreach (var (body, status, text) in ((string, int, string)[])
            [
                ("""{"PROMPT":"hello world","STREAM":false}""", 200, "\"TEXT\":\"hello world\""),
                ("""{"PROMPT":["hello world"],"STREAM":true,"parameters":{"REPETITION":3}}""", 200, "\"TEXT\":\"hello world\""),
                ("{}", 400, "expected 2 inputs but got 0"),
                ("""{"STREAM":false,"other":"param"}""", 400, "expected 2 inputs but got 1"),
                ("""{"PROMPT":123,"STREAM":false}""", 400, "attempt to access JSON non-string as string"),
                ("""{"PROMPT":"hello","STREAM":"false"}""", 400, "attempt to access JSON non-boolean as boolean"),
                ("""{"STREAM":123,"PROMPT":true}""", 400, "attempt to access JSON non-boolean as boolean"),
                ("""{"PROMPT":{"USER":"hello"},"STREAM":true}""", 400, "attempt to access JSON non-string as string"),
                ("""{"PROMPT":"hello","STREAM":false,"PROMPT":"again","STREAM":true}""", 400, "input 'PROMPT' already exists in request"),
                ("""{"PROMPT":"hello","STREAM":true,"PARAMS":{"PARAM_0":0}}""", 400, "parameter 'PARAMS' has invalid type"),
                ("""{"PROMPT":"hello","STREAM":true,"triton_x":0}""", 400, "reserved for Triton usage"),
            ])
            {
                await ExpectAsync(path, body, status, text);
            }
        }
    }

    [Fact]
    public async Task What_does_not_fit_the_model_is_said_with_the_requests_id()
    {
        await LoadedAsync("fitting", OffsetModel.Write(1), null);
        await ExpectAsync("fitting/infer", """{"id":"77","inputs":[{"name":"x","shape":[1,9],"datatype":"FP32","data":[1,2,3,4,5,6,7,8,9]}]}""", 400, "[request id: 77] unexpected shape for input 'x' for model 'fitting'. Expected [-1,4], got [1,9]. ");
        await ExpectAsync("fitting/infer", """{"inputs":[]}""", 400, "[request id: <id_unknown>] expected 1 inputs but got 0 inputs for model 'fitting'");
    }

    [Fact]
    public async Task Metrics_tell_how_long_loading_took_and_what_was_cached_with_the_tags_of_the_configuration()
    {
        await LoadedAsync("tagged", OffsetModel.Write(1), """
            max_batch_size: 4 response_cache { enable: true }
            metric_tags { key: "team" value: "a \"b\"" }
            """);
        const string Labels = "{_team=\"a \\\"b\\\"\",model=\"tagged\",version=\"1\"}";
        await PostAsync("/v2/models/tagged/infer", Row(1));
        await PostAsync("/v2/models/tagged/infer", Row(2));
        await PostAsync("/v2/models/tagged/infer", Row(1));
        var page = await node.Http.GetStringAsync("/metrics");
        foreach (var line in (string[])[
            "# HELP nv_inference_pending_request_count Instantaneous number of pending requests awaiting execution per-model.",
            $"nv_inference_pending_request_count{Labels} 0", $"nv_cache_num_hits_per_model{Labels} 1", $"nv_cache_num_misses_per_model{Labels} 2",
            "# TYPE nv_cache_hit_duration_per_model counter", "# TYPE nv_model_load_duration_secs gauge", $"nv_inference_count{Labels} 2"])
        {
            Assert.Contains(line + "\n", page, StringComparison.Ordinal);
        }

        Assert.Matches("nv_model_load_duration_secs\\{_team=[^}]*,model=\"tagged\",version=\"1\"\\} 0\\.[0-9]+", page);
        await node.Http.PostAsync("/v2/repository/models/tagged/unload", null);
        Assert.DoesNotContain("model=\"tagged\"", await node.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        using var refused = await node.LoadAsync("mistagged", OffsetModel.Write(1), "metric_tags { key: \"a-b\" value: \"c\" }");
        Assert.Contains("metric_tags: 'a-b' can be no label of a metric.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        static string Row(int value) => $$"""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[{{value}},2,3,4]}]}""";
    }

    private static byte[] Texts() => Model(Node("Identity", "OUTPUT0", "INPUT0"), Text(2, "texts"), End(11, "INPUT0", OfText, "N", "M"), End(12, "OUTPUT0", OfText, "N", "M"));

    private static string Config(string type, string dims) =>
        $$"""max_batch_size: 8 input [ { name: "INPUT0" data_type: {{type}} dims: [ {{dims}} ] } ] output [ { name: "OUTPUT0" data_type: {{type}} dims: [ -1 ] } ]""";

    private async Task LoadedAsync(string model, byte[] onnx, string? config)
    {
        using var response = await node.LoadAsync(model, onnx, config);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task ExpectAsync(string path, string body, int status, string text, params (string Name, string Value)[] headers)
    {
        var answer = await PostAsync("/v2/models/" + path, body, headers);
        Assert.True(answer.Status == status && answer.Text.Contains(text, StringComparison.Ordinal), $"{path} {body}: {answer.Status} {answer.Text}");
    }

    private async Task<(int Status, string Text)> PostAsync(string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await node.Http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();

        // An error's text without its escapes, which stand for quotes and angle brackets.
        return ((int)response.StatusCode, response.IsSuccessStatusCode
            ? Encoding.UTF8.GetString(bytes)
            : System.Text.Json.JsonDocument.Parse(bytes).RootElement.GetProperty("error").GetString()!);
    }
}
