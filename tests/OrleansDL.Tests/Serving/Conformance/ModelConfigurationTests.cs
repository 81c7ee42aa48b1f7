using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Serving.Batching;
using OrleansDL.Tests.Serving.Sequences;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>What a model's <c>config.pbtxt</c> can ask for.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class ModelConfigurationTests(ProtocolNode node)
{
    [Fact]
    public async Task Callers_see_a_reshaped_model_as_its_configuration_says()
    {
        await LoadedAsync(await node.LoadAsync("reshaped", OffsetModel.Write(10), """
            max_batch_size: 4
            input [ { name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: [ 4 ] } } ]
            output [ { name: "y" data_type: TYPE_FP32 dims: [ 4, 1 ] reshape { shape: [ 4 ] } } ]
            """));
        Assert.Contains("""{"name":"x","datatype":"FP32","shape":[-1,2,2]}""", await node.Http.GetStringAsync("/v2/models/reshaped"), StringComparison.Ordinal);
        var answer = await InferAsync("reshaped", """{"inputs":[{"name":"x","shape":[2,2,2],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}],"outputs":[{"name":"y"}]}""");
        Assert.Contains("\"shape\":[2,4,1],\"data\":[11,12,13,14,15,16,17,18]", answer, StringComparison.Ordinal);
        Assert.Contains("Expected [-1,2,2], got [2,4]", await InferAsync("reshaped", """{"inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}"""), StringComparison.Ordinal);
        await RefusedAsync(
            await node.LoadAsync("misshaped", OffsetModel.Write(10), """max_batch_size: 4 input [ { name: "x" data_type: TYPE_FP32 dims: [ 3 ] reshape { shape: [ 4 ] } } ]"""),
            "tensor 'x' has different size for dims and reshape: [3] and [4]");
    }

    [Fact]
    public async Task A_model_is_warmed_as_its_configuration_says_and_not_served_when_that_fails()
    {
        const string Config = """
            max_batch_size: 4
            model_warmup [
              { name: "zeros" batch_size: 4 inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 4 ] zero_data: true } } },
              { name: "drawn" batch_size: 2 count: 3 inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 4 ] random_data: true } } },
              { name: "given" batch_size: 3 inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 4 ] input_data_file: "row" } } }
            ]
            """;
        await LoadedAsync(await node.LoadAsync("warmed", OffsetModel.Write(1), Config, ("warmup/row", new byte[16])));
        Assert.Contains("\"name\":\"drawn\"", await node.Http.GetStringAsync("/v2/models/warmed/config"), StringComparison.Ordinal);
        Assert.Contains("\"inference_count\":0", await node.Http.GetStringAsync("/v2/models/warmed/stats"), StringComparison.Ordinal);
        await RefusedAsync(await node.LoadAsync("cold", OffsetModel.Write(1), Config, ("warmup/row", new byte[12])), "failed to run warmup sample 'given': input byte size mismatch for input 'x'");
        await RefusedAsync(await node.LoadAsync("unwarmed", OffsetModel.Write(1), Config), "the configuration names the file 'warmup/row', which does not lie beside the model's versions");
    }

    [Fact]
    public async Task A_sequence_begins_with_what_a_file_holds_and_a_delay_is_taken_over()
    {
        await LoadedAsync(await node.LoadAsync("continued", AccumulatorModel.Write(), """
            max_batch_size: 4
            sequence_batching {
              max_sequence_idle_microseconds: 60000000
              direct { max_queue_delay_microseconds: 1000 minimum_slot_utilization: 0.5 }
              control_input [
                { name: "start" control [ { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 0 ] } ] },
                { name: "ready" control [ { kind: CONTROL_SEQUENCE_READY fp32_false_true: [ 0, 1 ] } ] },
                { name: "end" control [ { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 10 ] } ] },
                { name: "id" control [ { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_INT64 } ] }
              ]
              state [ { input_name: "memory" output_name: "memory_out" data_type: TYPE_FP32 dims: [ 1 ] initial_state [ { name: "hundred" data_type: TYPE_FP32 dims: [ 1 ] data_file: "hundred" } ] } ]
            }
            """, ("initial_state/hundred", BitConverter.GetBytes(100f))));
        Assert.Contains("\"data\":[102]", await InferAsync("continued", Step(2, "\"sequence_start\":true")), StringComparison.Ordinal);
        Assert.Contains("\"data\":[107]", await InferAsync("continued", Step(5, "\"sequence_end\":true")), StringComparison.Ordinal);

        static string Step(int value, string flag) => $$$"""
            {"parameters":{"sequence_id":42,{{{flag}}} },"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[{{{value}}}]}],"outputs":[{"name":"sum"}]}
            """;
    }

    [Fact]
    public async Task Requests_of_different_shapes_run_together_where_the_configuration_allows_ragged_ones()
    {
        const string Config = """
            max_batch_size: 4
            input [ { name: "x" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true } ]
            batch_input [
              { kind: BATCH_ELEMENT_COUNT target_name: "sizes" data_type: TYPE_FP32 source_input: "x" },
              { kind: BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO target_name: "told" data_type: TYPE_FP32 source_input: "x" }
            ]
            dynamic_batching { max_queue_delay_microseconds: 10000000 }
            """;
        await LoadedAsync(await node.LoadAsync("ragged", RaggedModels.Telling(), Config));
        Assert.Contains("\"allow_ragged_batch\":true", await node.Http.GetStringAsync("/v2/models/ragged/config"), StringComparison.Ordinal);
        Assert.Contains("""{"name":"x","datatype":"FP32","shape":[-1,-1]}],"outputs":[{"name":"all",""", await node.Http.GetStringAsync("/v2/models/ragged"), StringComparison.Ordinal);
        var answers = await Task.WhenAll(((string[])["1,1", "2", "3,3,3", "4"]).Select(values => InferAsync("ragged", Request("x", values))));
        Assert.All(answers, answer => Assert.Matches("\"name\":\"all_told\",\"datatype\":\"FP32\",\"shape\":.1,5.,\"data\":.0,", answer));
        Assert.All(answers, answer => Assert.Matches("\"name\":\"all\",\"datatype\":\"FP32\",\"shape\":.1,7.", answer));
        Assert.Contains("\"inference_count\":4,\"execution_count\":1,", await node.Http.GetStringAsync("/v2/models/ragged/stats"), StringComparison.Ordinal);

        await LoadedAsync(await node.LoadAsync("scattered", RaggedModels.Doubling(), """
            max_batch_size: 4
            input [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 2 ] allow_ragged_batch: true } ]
            output [ { name: "y" data_type: TYPE_FP32 dims: [ -1, 2 ] } ]
            batch_input [ { kind: BATCH_ITEM_SHAPE target_name: "shapes" data_type: TYPE_FP32 source_input: "x" } ]
            batch_output [ { target_name: "y" kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: "x" } ]
            """));
        var alone = await InferAsync("scattered", """{"inputs":[{"name":"x","shape":[1,2,2],"datatype":"FP32","data":[1,2,3,4]}]}""");
        Assert.Contains("\"shape\":[1,2,2],\"data\":[2,4,6,8]", alone, StringComparison.Ordinal);
        Assert.Contains("\"shape\":[1,2],\"data\":[2,2]", alone, StringComparison.Ordinal);

        await RefusedAsync(await node.LoadAsync("lumped", OffsetModel.Write(1), """max_batch_size: 4 input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] allow_ragged_batch: true } ]"""), "expects model provides input with shape [-1] for ragged input 'x', model provides [-1,4]");
        await RefusedAsync(await node.LoadAsync("told", OffsetModel.Write(1), """max_batch_size: 4 batch_input [ { kind: BATCH_ELEMENT_COUNT target_name: "x" data_type: TYPE_FP32 source_input: "x" } ]"""), "batch_input and batch_output are of inputs with allow_ragged_batch");

        static string Request(string input, string values) => $$$"""{"inputs":[{"name":"{{{input}}}","shape":[1,{{{values.Split(',').Length}}}],"datatype":"FP32","data":[{{{values}}}]}]}""";
    }

    [Fact]
    public async Task An_optional_input_may_be_left_out()
    {
        await LoadedAsync(await node.LoadAsync("lenient", RaggedModels.Lenient(), """
            max_batch_size: 4
            input [ { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }, { name: "b" data_type: TYPE_FP32 dims: [ 1 ] optional: true } ]
            dynamic_batching { }
            """));
        Assert.Contains("\"optional\":true", await node.Http.GetStringAsync("/v2/models/lenient/config"), StringComparison.Ordinal);
        Assert.Contains("\"data\":[8,9]", await InferAsync("lenient", """{"inputs":[{"name":"x","shape":[2,1],"datatype":"FP32","data":[3,4]}]}"""), StringComparison.Ordinal);
        Assert.Contains("\"data\":[13]", await InferAsync("lenient", """{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[3]},{"name":"b","shape":[1,1],"datatype":"FP32","data":[10]}]}"""), StringComparison.Ordinal);
        Assert.Contains(
            "expected number of inputs between 1 and 2 but got 1 inputs for model 'lenient'. Got input(s) ['b'], but missing required input(s) ['x']. Please provide all required input(s).",
            await InferAsync("lenient", """{"inputs":[{"name":"b","shape":[1,1],"datatype":"FP32","data":[3]}]}"""), StringComparison.Ordinal);

        // The same files and another configuration: what is loaded follows.
        await LoadedAsync(await node.LoadAsync("lenient", RaggedModels.Lenient(), """max_batch_size: 4 dynamic_batching { }"""));
        Assert.Contains("unexpected inference input 'b'", await InferAsync("lenient", """{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[3]},{"name":"b","shape":[1,1],"datatype":"FP32","data":[10]}]}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_on_one_stream_wait_for_one_another_and_are_answered_in_their_order()
    {
        await LoadedAsync(await node.LoadAsync("streamed", OffsetModel.Write(1), "max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 10000000 }"));
        using var stream = node.Rpc.ModelStreamInfer();
        foreach (var (id, columns) in ((string, long)[])[("first", 4), ("second", 4), ("wrong", 3), ("third", 4), ("fourth", 4)])
        {
            var request = new ModelInferRequest { ModelName = "streamed", Id = id, RawInputContents = { ByteString.CopyFrom(new byte[columns * sizeof(float)]) } };
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, columns } });
            await stream.RequestStream.WriteAsync(request);
        }

        await stream.RequestStream.CompleteAsync();
        List<string> answered = [];
        await foreach (var answer in stream.ResponseStream.ReadAllAsync())
        {
            answered.Add(answer.InferResponse.Id);
            Assert.Equal(answer.InferResponse.Id == "wrong", answer.ErrorMessage.Length > 0);
        }

        Assert.Equal(["first", "second", "wrong", "third", "fourth"], answered);
        Assert.Contains("\"inference_count\":4,\"execution_count\":1,", await node.Http.GetStringAsync("/v2/models/streamed/stats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ensemble_may_leave_out_what_its_steps_may()
    {
        const string Input = """input [ { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }, { name: "b" data_type: TYPE_FP32 dims: [ 1 ] optional: true } ] """;
        const string Output = """output [ { name: "y" data_type: TYPE_FP32 dims: [ 1 ] } ] """;
        await LoadedAsync(await node.LoadAsync("giving", RaggedModels.Lenient(), "max_batch_size: 4 " + Input));
        await LoadedAsync(await node.LoadAsync("passing", [], "platform: \"ensemble\" max_batch_size: 4 " + Input + Output + """
            ensemble_scheduling { step [
              { model_name: "giving" model_version: -1 input_map { key: "x" value: "x" } input_map { key: "b" value: "b" } output_map { key: "y" value: "middle" } },
              { model_name: "giving" model_version: -1 input_map { key: "x" value: "middle" } output_map { key: "y" value: "y" } }
            ] }
            """));
        Assert.Contains("\"data\":[13]", await InferAsync("passing", """{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[3]}]}"""), StringComparison.Ordinal);
        Assert.Contains("\"data\":[18]", await InferAsync("passing", """{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[3]},{"name":"b","shape":[1,1],"datatype":"FP32","data":[10]}]}"""), StringComparison.Ordinal);
        Assert.Contains("expected number of inputs between 1 and 2 but got 1 inputs for model 'passing'", await InferAsync("passing", """{"inputs":[{"name":"b","shape":[1,1],"datatype":"FP32","data":[3]}]}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outputs_come_in_the_order_in_which_they_are_asked_for()
    {
        await LoadedAsync(await node.LoadAsync("ordered", AccumulatorModel.Write(), "max_batch_size: 0"));
        var inputs = string.Join(',', new[] { "x", "start", "ready", "end", "memory" }.Select(name => $$"""{"name":"{{name}}","shape":[1,1],"datatype":"FP32","data":[1]}"""));
        using var answer = JsonDocument.Parse(await InferAsync("ordered", $$"""{"inputs":[{{inputs}},{"name":"id","shape":[1,1],"datatype":"INT64","data":[7]}],"outputs":[{"name":"flags"},{"name":"who"},{"name":"sum"}]}"""));
        Assert.Equal(["flags", "who", "sum"], answer.RootElement.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_configuration_says_how_the_runtime_runs_its_model()
    {
        const string Threads = """
            optimization { graph { level: 1 } }
            parameters { key: "execution_mode" value: { string_value: "1" } }
            parameters { key: "inter_op_thread_count" value: { string_value: "2" } }
            parameters { key: "enable_mem_arena" value: { string_value: "0" } }
            parameters { key: "session.use_env_allocators" value: { string_value: "0" } }
            parameters { key: "intra_op_thread_count" value: { string_value: "
            """;
        await LoadedAsync(await node.LoadAsync("threaded", OffsetModel.Write(1), Threads.TrimEnd() + "2\" } }"));
        Assert.Contains("\"data\":[2,3,4,5]", await InferAsync("threaded", """{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"""), StringComparison.Ordinal);
        await RefusedAsync(await node.LoadAsync("knotted", OffsetModel.Write(1), Threads.TrimEnd() + "many\" } }"), "parameters.intra_op_thread_count is 'many'. Give an integer from 0 to 256.");
    }

    [Fact]
    public async Task Requests_that_are_too_large_are_refused_over_both_protocols()
    {
        await LoadedAsync(await node.LoadAsync("narrow", OffsetModel.Write(1)));
        var large = new byte[ProtocolNode.MaximumBytes + 16];
        using var rest = await node.Http.PostAsync("/v2/models/narrow/infer", new ByteArrayContent(large));
        await RefusedAsync(rest, "exceeds the maximum allowed input size of");
        var request = new ModelInferRequest { ModelName = "narrow" };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { large.Length / 16, 4 } });
        request.RawInputContents.Add(ByteString.CopyFrom(large));
        var rpc = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.ModelInferAsync(request));
        Assert.Equal(StatusCode.ResourceExhausted, rpc.StatusCode);
    }

    [Fact]
    public async Task Metrics_are_told_by_the_reference_servers_names_without_a_token()
    {
        await LoadedAsync(await node.LoadAsync("measured", OffsetModel.Write(1)));
        await InferAsync("measured", """{"inputs":[{"name":"x","shape":[3,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8,9,10,11,12]}]}""");
        await InferAsync("measured", "{}");
        var page = await node.Http.GetStringAsync("/metrics");
        foreach (var line in (string[])[
            "# HELP nv_inference_request_success Number of successful inference requests, all batch sizes",
            "# TYPE nv_inference_request_success counter",
            "nv_inference_request_success{model=\"measured\",version=\"1\"} 1",
            "nv_inference_request_failure{model=\"measured\",reason=\"OTHER\",version=\"1\"} 1",
            "nv_inference_request_failure{model=\"measured\",reason=\"REJECTED\",version=\"1\"} 0",
            "nv_inference_count{model=\"measured\",version=\"1\"} 3",
            "nv_inference_exec_count{model=\"measured\",version=\"1\"} 1",
            "nv_inference_compute_infer_duration_histogram_us_count{model=\"measured\",version=\"1\"} 1",
            "nv_inference_request_duration_histogram_us_bucket{model=\"measured\",version=\"1\",le=\"+Inf\"} 1"])
        {
            Assert.Contains(line + "\n", page, StringComparison.Ordinal);
        }

        Assert.Matches("nv_inference_request_duration_us\\{model=\"measured\",version=\"1\"\\} [1-9]", page);
        Assert.Matches("nv_cpu_memory_used_bytes [1-9]", page);
        Assert.DoesNotContain("orleansdl_", page, StringComparison.Ordinal);
    }

    private static async Task LoadedAsync(HttpResponseMessage response) => Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());

    private static async Task RefusedAsync(HttpResponseMessage response, string message)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(message, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetString()!, StringComparison.Ordinal);
    }

    private async Task<string> InferAsync(string model, string body) => await (await node.Http.PostAsync($"/v2/models/{model}/infer", new StringContent(body))).Content.ReadAsStringAsync();
}
