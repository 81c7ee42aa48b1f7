using System.Net;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using OrleansDL.Serving;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Serving.Sequences;

namespace OrleansDL.Tests.Serving.Repository;

/// <summary>A folder of models in Triton's layout, loaded and unloaded by clients without a token.</summary>
public sealed class ModelRepositoryTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-models-").FullName;
    private ServingNode _node = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        Write("plain/1/model.onnx", OffsetModel.Write(1));
        Write("numbered/1/first.onnx", OffsetModel.Write(1));
        Write("numbered/3/first.onnx", OffsetModel.Write(3));
        Write("numbered/07/first.onnx", OffsetModel.Write(7));
        Write("numbered/labels.txt", "zero\none\ntwo\nthree\n"u8.ToArray());
        Write("numbered/config.pbtxt", Encoding.UTF8.GetBytes("""
            platform: "onnxruntime_onnx" max_batch_size: 2 default_model_filename: "first.onnx" version_policy { all {} }
            input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
            output [ { name: "y" data_type: TYPE_FP32 dims: [ 4 ] label_filename: "labels.txt" } ]
            """));
        Write("running/1/model.onnx", AccumulatorModel.Write());
        Write("running/config.pbtxt", Encoding.UTF8.GetBytes("""
            max_batch_size: 4
            sequence_batching {
              max_sequence_idle_microseconds: 60000000
              oldest { max_candidate_sequences: 8 }
              control_input [
                { name: "start" control [ { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } ] },
                { name: "ready" control [ { kind: CONTROL_SEQUENCE_READY fp32_false_true: [ 0, 1 ] } ] },
                { name: "end" control [ { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 10 ] } ] },
                { name: "id" control [ { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_INT64 } ] }
              ]
              state [ { input_name: "memory" output_name: "memory_out" data_type: TYPE_FP32 dims: [ 1 ] } ]
            }
            """));
        Write("refused/1/model.onnx", OffsetModel.Write(1));
        Write("refused/config.pbtxt", "cc_model_filenames { key: \"a\" value: \"b\" }"u8.ToArray());
        Directory.CreateDirectory(Path.Combine(_folder, "both", "1"));
        Write("both/config.pbtxt", Encoding.UTF8.GetBytes("""
            platform: "ensemble" max_batch_size: 2 response_cache { enable: true }
            input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
            output [ { name: "z" data_type: TYPE_FP32 dims: [ 4 ] } ]
            ensemble_scheduling {
              step [
                { model_name: "plain" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "middle" } },
                { model_name: "numbered" model_version: 3 input_map { key: "x" value: "middle" } output_map { key: "y" value: "z" } },
                { model_name: "plain" model_version: -1 input_map { key: "x" value: "middle" } output_map { key: "y" value: "z" } }
              ]
            }
            parameters { key: "when:numbered" value { string_value: "!has(parameters.plain)" } }
            """));
        Write("garbled/config.pbtxt", "max_batch_size: many"u8.ToArray());
        _node = await ServingNode.StartAsync(new Dictionary<string, string?>
        {
            ["Serving:Repository:Directory"] = _folder,
            ["Serving:Repository:ControlMode"] = "explicit",
            ["Serving:Repository:Load:0"] = "numbered",
            ["Serving:Repository:Public"] = "true",
        });
        _client = _node.Client(withToken: false);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Models_are_loaded_and_unloaded_by_name_and_the_index_tells()
    {
        await ReadyAsync();
        await ExpectAsync("POST", "/v2/repository/index", null, HttpStatusCode.OK, """[{"name":"numbered","version":"1","state":"READY"},{"name":"numbered","version":"3","state":"READY"},{"name":"both"},{"name":"garbled"},{"name":"plain"},{"name":"refused"},{"name":"running"}]""");
        await ExpectAsync("GET", "/v2/models/numbered", null, HttpStatusCode.OK, """
            "versions":["1","3"],"platform":"onnxruntime_onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}]
            """.Trim());
        await ExpectAsync("GET", "/v2/models/numbered/config", null, HttpStatusCode.OK, "\"max_batch_size\":2");
        await InferAsync("numbered", 8);
        await InferAsync("numbered/versions/1", 6);
        await ExpectAsync("POST", "/v2/models/numbered/infer", Body(rows: 3), HttpStatusCode.BadRequest, "inference request batch-size must be <= 2 for 'numbered'");
        await ExpectAsync("POST", "/v2/models/numbered/infer", Body(1, ""","outputs":[{"name":"y","parameters":{"classification":1}}]"""), HttpStatusCode.OK, "\"shape\":[1,1],\"data\":[\"8.000000:0:zero\"]");

        await ExpectAsync("POST", "/v2/repository/models/plain/load", null, HttpStatusCode.OK, """{"name":"plain","load":true}""");
        await InferAsync("plain", 6);
        await ExpectAsync("GET", "/v2/models/plain/config", null, HttpStatusCode.OK, "\"max_batch_size\":4");
        await ExpectAsync("GET", "/v2/models/plain/config", null, HttpStatusCode.OK, "\"dynamic_batching\":");

        await ExpectAsync("POST", "/v2/repository/models/plain/unload", """{"parameters":{"unload_dependents":true}}""", HttpStatusCode.OK, """{"name":"plain","unload":true}""");
        await ExpectAsync("POST", "/v2/repository/index", null, HttpStatusCode.OK, """{"name":"plain","version":"1","state":"UNAVAILABLE","reason":"unloaded"}""");
        await ExpectAsync("POST", "/v2/repository/index", """{"ready":true}""", HttpStatusCode.OK, """[{"name":"numbered","version":"1","state":"READY"},{"name":"numbered","version":"3","state":"READY"}]""");
        await ExpectAsync("POST", "/v2/models/plain/infer", Body(1), HttpStatusCode.NotFound, "Request for unknown model: 'plain' has no available versions");
        await ExpectAsync("GET", "/v2/models/plain/ready", null, HttpStatusCode.ServiceUnavailable, "\"ready\":false");

        await ExpectAsync("POST", "/v2/repository/models/plain/load", null, HttpStatusCode.OK, "");
        await ExpectAsync("GET", "/v2/models/plain/stats", null, HttpStatusCode.OK, "\"inference_count\":0");
        await InferAsync("plain", 6);
    }

    [Fact]
    public async Task A_configuration_may_keep_what_a_model_remembers_of_a_sequence()
    {
        await ReadyAsync();
        await ExpectAsync("POST", "/v2/repository/models/running/load", null, HttpStatusCode.OK, "");
        await ExpectAsync("GET", "/v2/models/running", null, HttpStatusCode.OK, """
            "inputs":[{"name":"x","datatype":"FP32","shape":[-1,1]}]
            """.Trim());
        await ExpectAsync("GET", "/v2/models/running/config", null, HttpStatusCode.OK, "\"max_candidate_sequences\":8");
        await ExpectAsync("POST", "/v2/models/running/infer", Step(2, "\"sequence_start\":true"), HttpStatusCode.OK, "\"data\":[2]");
        await ExpectAsync("POST", "/v2/models/running/infer", Step(5, "\"sequence_end\":true"), HttpStatusCode.OK, "\"data\":[7]");
        await ExpectAsync("POST", "/v2/models/running/infer", Step(1, "\"sequence_end\":false"), HttpStatusCode.BadRequest, "must specify the START flag");

        static string Step(int value, string flag) => $$$"""
            {"parameters":{"sequence_id":42,{{{flag}}} },"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[{{{value}}}]}],"outputs":[{"name":"sum"}]}
            """;
    }

    [Fact]
    public async Task An_ensemble_is_loaded_with_the_models_it_calls_and_may_be_unloaded_with_them()
    {
        await ReadyAsync();
        await ExpectAsync("POST", "/v2/repository/models/both/load", null, HttpStatusCode.OK, "");
        await ExpectAsync("GET", "/v2/models/both", null, HttpStatusCode.OK, """
            "versions":["1"],"platform":"ensemble","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}]
            """.Trim());
        await ExpectAsync("GET", "/v2/models/both/config", null, HttpStatusCode.OK, "\"ensemble_scheduling\":{\"step\":[{\"model_name\":\"plain\"");
        await InferAsync("both", 9);
        await InferAsync("both", 9);
        await ExpectAsync("POST", "/v2/models/both/infer", Body(1, ""","parameters":{"plain":true}"""), HttpStatusCode.OK, "\"data\":[7,7,7,7]");
        await ExpectAsync("GET", "/v2/models/both/stats", null, HttpStatusCode.OK, "\"cache_hit\":{\"count\":1");
        await ExpectAsync("POST", "/v2/models/both/infer", Body(rows: 3), HttpStatusCode.BadRequest, "inference request batch-size must be <= 2 for 'both'");
        await InferAsync("plain", 6);

        await ExpectAsync("POST", "/v2/repository/models/both/unload", """{"parameters":{"unload_dependents":true}}""", HttpStatusCode.OK, "");
        foreach (var model in (string[])["both", "plain", "numbered"])
        {
            await ExpectAsync("GET", $"/v2/models/{model}/ready", null, HttpStatusCode.ServiceUnavailable, "\"ready\":false");
        }

        await ExpectAsync("POST", "/v2/repository/models/both/load", null, HttpStatusCode.OK, "");
        await InferAsync("both", 9);

        var wrong = JsonSerializer.Serialize("""{"platform":"ensemble","max_batch_size":2,"input":[{"name":"x","data_type":"TYPE_FP32","dims":[4]}],"output":[{"name":"z","data_type":"TYPE_INT32","dims":[4]}],"ensemble_scheduling":{"step":[{"model_name":"plain","input_map":{"x":"x"},"output_map":{"y":"z"}}]}}""");
        await ExpectAsync("POST", "/v2/repository/models/both/load", $$$"""{"parameters":{"config":{{{wrong}}}}}""", HttpStatusCode.BadRequest, "The ensemble's output 'z' is INT32");
        await InferAsync("both", 9);
    }

    [Fact]
    public async Task An_ensemble_has_the_versions_its_policy_names_and_is_ready_while_its_steps_are()
    {
        Write("twice/config.pbtxt", Encoding.UTF8.GetBytes("""
            platform: "ensemble" max_batch_size: 2 version_policy { specific { versions: [ 1, 3, 9 ] } }
            input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
            output [ { name: "z" data_type: TYPE_FP32 dims: [ 4 ] } ]
            ensemble_scheduling { step [ { model_name: "plain" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "z" } } ] }
            """));
        Directory.CreateDirectory(Path.Combine(_folder, "twice", "1"));
        Directory.CreateDirectory(Path.Combine(_folder, "twice", "3"));
        await ExpectAsync("POST", "/v2/repository/models/twice/load", null, HttpStatusCode.OK, "");
        await ExpectAsync("GET", "/v2/models/twice", null, HttpStatusCode.OK, "\"versions\":[\"1\",\"3\"]");
        await InferAsync("twice/versions/1", 6);
        await InferAsync("twice/versions/3", 6);
        await ExpectAsync("GET", "/v2/models/twice/versions/9/ready", null, HttpStatusCode.NotFound, "version 9 is not found");

        await ExpectAsync("POST", "/v2/repository/models/plain/unload", null, HttpStatusCode.OK, "");
        await ExpectAsync("GET", "/v2/models/twice/ready", null, HttpStatusCode.ServiceUnavailable, "\"ready\":false");
        await ExpectAsync("GET", "/v2/models/twice/versions/1/ready", null, HttpStatusCode.ServiceUnavailable, "\"ready\":false");
        await ExpectAsync("POST", "/v2/repository/index", null, HttpStatusCode.OK, """{"name":"twice","version":"3","state":"UNAVAILABLE","reason":"its step """);
        await ExpectAsync("POST", "/v2/models/twice/infer", Body(1), HttpStatusCode.ServiceUnavailable, "in ensemble 'twice', Deployment 'plain' is not ready");
        using var channel = GrpcChannel.ForAddress(_node.RpcUrl);
        var rpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        Assert.False((await rpc.ModelReadyAsync(new ModelReadyRequest { Name = "twice" })).Ready);

        await ExpectAsync("POST", "/v2/repository/models/plain/load", null, HttpStatusCode.OK, "");
        Assert.True((await rpc.ModelReadyAsync(new ModelReadyRequest { Name = "twice", Version = "3" })).Ready);
    }

    [Fact]
    public async Task A_load_may_bring_its_own_configuration_and_files()
    {
        await ReadyAsync();
        var file = Convert.ToBase64String(OffsetModel.Write(20));
        var config = JsonSerializer.Serialize("""{"max_batch_size":"16","version_policy":{"specific":{"versions":[5]}}}""");
        await ExpectAsync("POST", "/v2/repository/models/plain/load", $$$"""{"parameters":{"config":{{{config}}},"file:5/model.onnx":"{{{file}}}"}}""", HttpStatusCode.OK, "");
        await InferAsync("plain", 25);
        await ExpectAsync("GET", "/v2/models/plain", null, HttpStatusCode.OK, "\"versions\":[\"5\"]");
        await ExpectAsync("GET", "/v2/models/plain/config", null, HttpStatusCode.OK, "\"max_batch_size\":16");

        // What cannot be loaded leaves what was there.
        var broken = Convert.ToBase64String("no model"u8);
        await ExpectAsync("POST", "/v2/repository/models/plain/load", $$$"""{"parameters":{"config":"{}","file:1/model.onnx":"{{{broken}}}"}}""", HttpStatusCode.BadRequest, "load failed for model 'plain': version 1 is at UNAVAILABLE state: ");
        await InferAsync("plain", 25);
        await ExpectAsync("POST", "/v2/repository/models/plain/load", $$$"""{"parameters":{"file:1/model.onnx":"{{{file}}}"}}""", HttpStatusCode.InternalServerError, "failed to load 'plain', failed to poll from model repository: override files are specified without a 'config' parameter");
        await ExpectAsync("POST", "/v2/repository/models/plain/load", $$$"""{"parameters":{"config":"{}","file:../model.onnx":"{{{file}}}"}}""", HttpStatusCode.BadRequest, "failed to load: 'file:../model.onnx' names no file of a model");

        using var channel = GrpcChannel.ForAddress(_node.RpcUrl);
        var rpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        await rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest
        {
            ModelName = "plain",
            Parameters =
            {
                ["config"] = new ModelRepositoryParameter { StringParam = "{}" },
                ["file:2/model.onnx"] = new ModelRepositoryParameter { BytesParam = ByteString.CopyFrom(OffsetModel.Write(30)) },
            },
        });
        await InferAsync("plain", 35);
        await rpc.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "plain" });
        Assert.False((await rpc.ModelReadyAsync(new ModelReadyRequest { Name = "plain" })).Ready);
        var named = await Assert.ThrowsAsync<RpcException>(async () => await rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { RepositoryName = "r", ModelName = "plain" }));
        Assert.Equal(StatusCode.Unimplemented, named.StatusCode);
    }

    [Fact]
    public async Task What_cannot_be_loaded_says_why()
    {
        foreach (var (model, body, status, message) in ((string, string?, HttpStatusCode, string)[])
        [
            ("nobody", null, HttpStatusCode.InternalServerError, "failed to load 'nobody', failed to poll from model repository"),
            ("garbled", null, HttpStatusCode.InternalServerError, "failed to load 'garbled', failed to poll from model repository: config.pbtxt, line 1: "),
            ("refused", null, HttpStatusCode.BadRequest, "load failed for model 'refused': The configuration asks for cc_model_filenames, which this server does not support."),
            ("plain", """{"parameters":{"config":"{\"max_batch_size\":4,\"input\":[{\"name\":\"x\",\"dims\":[5]}]}"}}""", HttpStatusCode.BadRequest, "the model expects 2 dimensions (shape [-1,4]) but the model configuration specifies 2 dimensions"),
            ("plain", """{"parameters":{"config":"{\"input\":[{\"name\":\"z\"}]}"}}""", HttpStatusCode.BadRequest, "unexpected inference input 'z'"),
            ("plain", """{"parameters":{"config":"{\"version_policy\":{\"specific\":{\"versions\":[9]}}}"}}""", HttpStatusCode.BadRequest, "at least one version must be available under the version policy of model 'plain'"),
            ("plain", """{"parameters":{"config":"nothing"}}""", HttpStatusCode.InternalServerError, "failed to poll from model repository"),
            ("..%2Fplain", null, HttpStatusCode.BadRequest, "model name must not contain path traversal characters"),
            ("%20", null, HttpStatusCode.BadRequest, "Model name cannot be empty. Please enter a valid name to deploy."),
        ])
        {
            await ExpectAsync("POST", $"/v2/repository/models/{model}/load", body, status, message);
        }

        await ExpectAsync("POST", "/v2/repository/index", null, HttpStatusCode.OK, """{"name":"refused","state":"UNAVAILABLE","reason":"The configuration asks for cc_model_filenames""");
    }

    [Fact]
    public async Task A_repository_by_name_is_not_there_and_deployments_of_the_registry_load_and_unload_too()
    {
        await ReadyAsync();
        await ExpectAsync("POST", "/v2/repository/mine/models/plain/load", null, HttpStatusCode.NotImplemented, "'repository_name' specification is not supported");
        await _node.RegisterAsync(10);
        await _node.DeployAsync("ours");
        await ExpectAsync("POST", "/v2/repository/models/ours/unload", null, HttpStatusCode.OK, "");
        await ExpectAsync("POST", "/v2/models/ours/infer", Body(1), HttpStatusCode.NotFound, "has no available versions: unloaded");
        await ExpectAsync("POST", "/v2/repository/models/ours/load", null, HttpStatusCode.OK, "");
        await InferAsync("ours", 15);
        await ExpectAsync("POST", "/v2/repository/models/nobody/unload", null, HttpStatusCode.OK, "");
    }

    [Fact]
    public async Task A_model_of_the_registry_is_in_the_index_and_served_once_it_is_loaded_by_its_name()
    {
        await ReadyAsync();
        await _node.RegisterAsync(10);
        await ExpectAsync("POST", "/v2/repository/index", null, HttpStatusCode.OK, $$"""{"name":"{{ServingNode.Model}}"},{"name":"plain"}""");
        await ExpectAsync("POST", $"/v2/models/{ServingNode.Model}/infer", Body(1), HttpStatusCode.BadRequest, "Request for unknown model");
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ExpectAsync("POST", $"/v2/repository/models/{ServingNode.Model}/load", null, HttpStatusCode.OK, "")));
        await InferAsync(ServingNode.Model, 15);
        await _node.RegisterAsync(20);
        await _node.UntilAsync(ServingNode.Model, deployment => deployment is { ServingVersion: 2, Status: DeploymentStatus.Ready });
        await InferAsync(ServingNode.Model, 25);
    }

    [Fact]
    public async Task A_token_is_needed_where_the_repository_is_not_open()
    {
        using var answer = await _client.PostAsync("/projects/other/v2/repository/models/plain/load", null);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private async Task ReadyAsync()
    {
        var found = await _node.UntilAsync("numbered", deployment => deployment is { Status: DeploymentStatus.Ready });
        Assert.Equal([3, 1], found.Served!.Select(version => version.Number));
    }

    private void Write(string path, byte[] bytes)
    {
        var file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
    }

    private static string Body(int rows, string more = "") =>
        $$"""{"inputs":[{"name":"x","shape":[{{rows}},4],"datatype":"FP32","data":[{{string.Join(',', Enumerable.Repeat(5, rows * 4))}}]}]{{more}}}""";

    private async Task InferAsync(string model, float expected)
    {
        using var body = new StringContent(Body(1), Encoding.UTF8, "application/json");
        using var answer = await _client.PostAsync($"/v2/models/{model}/infer", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(expected, json.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
    }

    private async Task ExpectAsync(string method, string path, string? body, HttpStatusCode status, string text)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await _client.SendAsync(request);
        var got = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode && got.Contains(text, StringComparison.Ordinal), $"{method} {path}: {answer.StatusCode} {got}");
    }
}
