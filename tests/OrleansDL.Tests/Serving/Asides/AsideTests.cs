using System.Net.Http.Json;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Serving.Asides;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Monitoring;
using OrleansDL.Tests.Serving.Generation;

namespace OrleansDL.Tests.Serving.Asides;

/// <summary>What is done beside answering, against one real node. Versions 1 and 2 of the model add 1, version 3 adds 2.</summary>
public sealed class AsideTests(AsideTests.Fixture fixture) : IClassFixture<AsideTests.Fixture>
{
    private static readonly float[] Values = [1, 2, 3, 4];

    private ServingNode Node => fixture.Node;

    [Fact]
    public async Task A_shadow_is_asked_what_callers_asked_and_its_answers_are_compared_and_never_returned()
    {
        var spec = Fixture.Spec("shadowed", new TrafficSpec { Shares = [new TrafficShare { Version = 1, Percent = 100 }], Shadow = new ShadowSpec { Version = 2 } });
        var deployment = await fixture.DeployAsync(spec);
        for (var request = 0; request < 5; request++)
        {
            Assert.Equal((1, 2f), await fixture.InferAsync("shadowed"));
            Assert.Equal((1, 2f), await fixture.InferRpcAsync("shadowed"));
        }

        var agreed = await fixture.UntilAsync("shadowed", window => window is { ModelVersion: 2, Shadow.Compared: 10 });
        Assert.Equal((0, 10, 0, 0), (agreed.Requests, agreed.Shadow!.Agreed, agreed.Shadow.Failed, agreed.Shadow.Dropped));
        Assert.Equal((0, 0), (agreed.Shadow.DifferenceP50, agreed.Shadow.DifferenceMaximum));
        Assert.True(agreed.Shadow.LatencyP50Seconds > 0);

        await Node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(
            Guid.CreateVersion7(), spec with { Traffic = spec.Traffic! with { Shadow = new ShadowSpec { Version = 3 } } }, null);
        Assert.Equal((1, 2f), await fixture.InferAsync("shadowed"));
        var differed = await fixture.UntilAsync("shadowed", window => window is { ModelVersion: 3, Shadow.Compared: 1 });
        Assert.Equal(0, differed.Shadow!.Agreed);
        Assert.Equal(1 / 6d, differed.Shadow.DifferenceMaximum!.Value, 1e-6);
    }

    [Fact]
    public void A_full_queue_drops_and_counts_and_gives_room_again()
    {
        var observer = new CountingShadows();
        var queue = new ShadowQueue(observer);
        var route = new Route { Deployment = Guid.NewGuid(), Project = Project.Default, Name = "m", Revision = 1, Public = false };
        for (var job = 0; job < ShadowQueue.MaximumWaiting; job++)
        {
            Assert.True(queue.TryReserve(route, 1));
        }

        Assert.False(queue.TryReserve(route, 1));
        queue.Done(Job(1));
        Assert.False(queue.TryReserve(route, ShadowQueue.MaximumBytes));
        Assert.True(queue.TryReserve(route, 1));
        Assert.Equal(2, observer.Dropped);

        static ShadowJob Job(long bytes) => new ShadowPredict(null!, null!, null!, 0, bytes);
    }

    [Fact]
    public async Task Feedback_by_inference_id_tells_how_right_each_version_is_however_often_it_is_sent()
    {
        await fixture.DeployAsync(Fixture.Spec("judged", null));
        var (one, three) = (await fixture.AskAsync("judged", 1), await fixture.AskAsync("judged", 3));
        object Item(Guid id, int row, string label, string? answeredLabel) => new { inferenceId = id, row, label, answeredLabel };
        var feedback = new
        {
            items = new object[]
            {
                Item(one, 0, "two", "two"), Item(one, 1, "three", "four"), Item(one, 2, "three", null), new { inferenceId = one, row = 3, value = 2.0, answeredValue = 2.0 },
                Item(three, 0, "two", "three"), new { inferenceId = three, row = 1, value = 2.0, answeredValue = 3.0 }, new { inferenceId = three, row = 2, value = 2.0, answeredValue = 5.0 },
            },
        };
        for (var time = 0; time < 2; time++)
        {
            var stored = await fixture.SendAsync(HttpMethod.Post, "/v1/projects/default/feedback", feedback, 200);
            Assert.Equal([1, 1, 1, 1, 3, 3, 3], stored.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("modelVersion").GetInt32()));
        }

        var first = (await fixture.UntilAsync("judged", window => window is { ModelVersion: 1, Requests: 1, Feedback.Count: 4 })).Feedback!;
        Assert.Equal((2, 1, 0.5, 1, 0d), (first.Judged, first.Correct, first.Accuracy, first.Measured, first.MeanAbsoluteError));
        var third = (await fixture.UntilAsync("judged", window => window is { ModelVersion: 3, Requests: 1, Feedback.Count: 3 })).Feedback!;
        Assert.Equal((1, 0, 0d, 2, 2d), (third.Judged, third.Correct, third.Accuracy, third.Measured, third.MeanAbsoluteError));
        Assert.Equal(Math.Sqrt(5), third.RootMeanSquaredError!.Value, 1e-9);

        // What was unjudged is judged once the answer is told, and what is older than what is known changes nothing.
        await fixture.SendAsync(HttpMethod.Post, "/v1/projects/default/feedback", new { items = new[] { Item(one, 2, "three", "three") } }, 200);
        await fixture.SendAsync(HttpMethod.Post, "/v1/projects/default/feedback", new { items = new[] { new { inferenceId = one, label = "old", at = "2020-01-01T00:00:00Z" } } }, 200);
        await fixture.UntilAsync("judged", window => window is { ModelVersion: 1, Feedback: { Judged: 3, Correct: 2 } });

        var page = await fixture.SendAsync(HttpMethod.Get, "/v1/projects/default/feedback?deployment=judged&pageSize=5", null, 200);
        var next = await fixture.SendAsync(HttpMethod.Get, $"/v1/projects/default/feedback?deployment=judged&pageSize=5&pageToken={page.GetProperty("nextPageToken").GetString()}", null, 200);
        Assert.Equal((5, 2), (page.GetProperty("items").GetArrayLength(), next.GetProperty("items").GetArrayLength()));
    }

    [Fact]
    public async Task Feedback_for_what_was_never_answered_here_is_refused_by_name_and_none_of_it_is_kept()
    {
        await fixture.DeployAsync(Fixture.Spec("unjudged", null));
        var id = await fixture.AskAsync("unjudged", 1);
        var unknown = InferenceId.New(987_654, TimeProvider.System);
        await RefusedAsync(404, $"items[1].inferenceId: nothing in project 'default' was answered under the id {unknown}", new { inferenceId = id, label = "a" }, new { inferenceId = unknown, label = "a" });
        await RefusedAsync(400, "is no inference id", new { inferenceId = Guid.NewGuid(), label = "a" });
        await RefusedAsync(400, "items[0] has neither label nor value", new { inferenceId = id });
        await RefusedAsync(400, "items[0] has both label and value", new { inferenceId = id, label = "a", value = 1 });
        await RefusedAsync(400, "answeredLabel goes with a label", new { inferenceId = id, value = 1, answeredLabel = "a" });
        await RefusedAsync(400, "items has 0 elements");
        var page = await fixture.SendAsync(HttpMethod.Get, "/v1/projects/default/feedback?deployment=unjudged", null, 200);
        Assert.Equal(0, page.GetProperty("items").GetArrayLength());

        await Node.Grains.GetGrain<IProjectsGrain>("all").CreateAsync(Guid.CreateVersion7(), new ProjectSpec { Name = "other" });
        Assert.Contains("nothing in project 'other'", (await fixture.SendAsync(HttpMethod.Post, "/v1/projects/other/feedback", new { items = new[] { new { inferenceId = id, label = "a" } } }, 404)).ToString(), StringComparison.Ordinal);

        async Task RefusedAsync(int status, string message, params object[] items) =>
            Assert.Contains(message, (await fixture.SendAsync(HttpMethod.Post, "/v1/projects/default/feedback", new { items }, status)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logged_requests_are_CloudEvents_in_a_dataset_and_what_is_redacted_never_reaches_it()
    {
        await fixture.SendAsync(HttpMethod.Post, "/v1/projects/default/datasets", new { name = "payloads", kind = "table" }, 201);
        var spec = Fixture.Spec("logged", null) with { PayloadLog = new PayloadLogSpec { Dataset = "payloads" } };
        var deployment = await fixture.DeployAsync(spec);
        var id = await fixture.AskAsync("logged", 1);
        await fixture.InferRpcAsync("logged");
        var rows = await fixture.RowsAsync("payloads", 2);

        var logged = rows.Single(row => row.GetProperty("id").GetGuid() == id);
        Assert.Equal(("1.0", "orleansdl.inference", "/v1/projects/default/deployments/logged", "offset@1", "application/json"), (
            logged.GetProperty("specversion").GetString(), logged.GetProperty("type").GetString(), logged.GetProperty("source").GetString(),
            logged.GetProperty("subject").GetString(), logged.GetProperty("datacontenttype").GetString()));
        Assert.Equal((deployment.Id, "offset", 1), (logged.GetProperty("deployment").GetGuid(), logged.GetProperty("model").GetString(), logged.GetProperty("modelversion").GetInt32()));
        Assert.Equal(InferenceId.TimeOf(id), logged.GetProperty("time").GetDateTimeOffset());
        Assert.Equal(
            """{"request":{"inputs":[{"name":"x","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]}]},"answer":{"outputs":[{"name":"y","datatype":"FP32","shape":[1,4],"data":[2,3,4,5]}]}}""",
            logged.GetProperty("data").GetString());
        Assert.Equal("offset@3", rows.Single(row => row.GetProperty("id").GetGuid() != id).GetProperty("subject").GetString());

        await Node.Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(
            Guid.CreateVersion7(), spec with { PayloadLog = new PayloadLogSpec { Dataset = "payloads", Redact = ["X"], MaximumBytes = 1 } }, null);
        var secret = await fixture.AskAsync("logged", 1);
        var written = (await fixture.RowsAsync("payloads", 3)).Single(row => row.GetProperty("id").GetGuid() == secret).GetProperty("data").GetString()!;
        var hidden = System.Text.Json.JsonDocument.Parse(written).RootElement;
        Assert.Equal("redacted", hidden.GetProperty("request").GetProperty("inputs")[0].GetProperty("leftOut").GetString());
        Assert.Equal("too large", hidden.GetProperty("answer").GetProperty("outputs")[0].GetProperty("leftOut").GetString());
        Assert.False(hidden.GetProperty("request").GetProperty("inputs")[0].TryGetProperty("data", out _));

        var graph = await fixture.SendAsync(HttpMethod.Get, "/v1/projects/default/lineage?reference=dataset:payloads@v1&direction=up", null, 200);
        Assert.Contains("logged-by", graph.ToString(), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<NotFoundException>(() => fixture.DeployAsync(Fixture.Spec("lost", null) with { PayloadLog = new PayloadLogSpec { Dataset = "nowhere" } }));
        Assert.Contains("nowhere", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_predict_calls_are_redacted_by_name_at_any_depth_and_left_out_where_values_have_no_names()
    {
        var log = new PayloadLog(new PayloadLogSpec { Dataset = "d", Redact = ["Name"] }, null!);
        var answer = new PredictAnswer { Rows = [[new LabelScore("yes", 0.5)]], Values = [new Dictionary<string, double> { ["name"] = 7, ["price"] = 2 }] };
        var record = new PayloadRecord(log, Routes.Digits(3), InferenceId.New(3, TimeProvider.System), 0)
        {
            Rows = "[{\"name\":\"Ada\",\n\"age\":3,\"inner\":[{\"NAME\":\"Ada\"}]},[\"Ada\",3],\"Ada\"]"u8.ToArray(),
            Top = 1,
            Answer = answer,
        };
        using var body = new PooledBytes();
        Assert.True(PayloadLine.TryWrite(body, record));

        var line = System.Text.Encoding.UTF8.GetString(body.Written.Span);
        Assert.DoesNotContain("Ada", line, StringComparison.Ordinal);
        var data = System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("data");
        Assert.Equal("""[{"name":"[redacted]","age":3,"inner":[{"NAME":"[redacted]"}]},"[redacted]","[redacted]"]""", data.GetProperty("request").GetProperty("rows").GetRawText());
        using var whole = new PooledBytes();
        var all = record with { Log = new PayloadLog(new PayloadLogSpec { Dataset = "d" }, null!) };
        Assert.True(PayloadLine.TryWrite(whole, all));
        Assert.False(PayloadLine.TryWrite(whole, all with { Rows = System.Text.Encoding.ASCII.GetBytes(new string('[', 40) + new string(']', 40)) }));
        Assert.False(PayloadLine.TryWrite(whole, all with { Rows = new byte[] { (byte)'[', (byte)'"', 0xff, (byte)'"', (byte)']' } }));
        Assert.Equal(1, whole.Written.Span.Count((byte)'\n'));
        Assert.Equal("""[{"price":2}]""", data.GetProperty("answer").GetProperty("values").GetRawText());
    }

    [Fact]
    public async Task A_line_of_a_payload_log_is_what_the_first_version_wrote()
    {
        var log = new PayloadLog(new PayloadLogSpec { Dataset = "d" }, null!);
        var record = new PayloadRecord(log, Routes.Digits(3), InferenceId.Create(5, 1_700_000_000_000, 42), 0)
        {
            Inputs = [Fixture.Payload("x", TensorElementType.Fp32, [1, 2], MemoryMarshal.AsBytes<float>([1, 2.5f])), Fixture.Payload("s", TensorElementType.Bytes, [1], []) with { LeftOut = PayloadTensor.Redacted }],
            Outputs = [Fixture.Payload("y", TensorElementType.Fp32, [1], MemoryMarshal.AsBytes<float>([float.NaN]))],
        };
        using var body = new PooledBytes();

        Assert.True(PayloadLine.TryWrite(body, record));

        Assert.Equal(await File.ReadAllTextAsync(GoldenFile.PathOf(Path.Combine("..", "serving", "payload-v1.jsonl"))), System.Text.Encoding.UTF8.GetString(body.Written.Span));
    }

    [Fact]
    public async Task A_line_of_a_continued_text_is_what_the_first_version_wrote_and_its_texts_are_redacted_by_any_callers_name()
    {
        var request = new GenerateRequest { Text = "red", MaximumTokens = 29, Temperature = 0.5, TopK = 3, Seed = 7, Stop = ["x"] };
        var last = new GeneratePiece { Text = "", Tokens = 11, GivenTokens = 3, End = GenerateEnd.Stop };
        Assert.Equal(
            await File.ReadAllTextAsync(GoldenFile.PathOf(Path.Combine("..", "serving", "payload-text-v1.jsonl"))),
            Line(new PayloadText(request, " green blue", last, Fits: true)));
        var redacted = Line(new PayloadText(request, " green blue", last, Fits: true), "Prompt", "choices", "stop");
        Assert.Contains("{\"request\":{\"text_input\":\"[redacted]\",", redacted, StringComparison.Ordinal);
        Assert.Contains("\"stop\":[\"[redacted]\"]},\"answer\":{\"text_output\":\"[redacted]\",", redacted, StringComparison.Ordinal);
        Assert.Contains("\"text_output\":\"too large\"", Line(new PayloadText(request, "", last, Fits: false)), StringComparison.Ordinal);

        static string Line(PayloadText text, params string[] redact)
        {
            var log = new PayloadLog(new PayloadLogSpec { Dataset = "d", Redact = redact }, null!);
            using var body = new PooledBytes();
            Assert.True(PayloadLine.TryWrite(body, new PayloadRecord(log, Routes.Digits(3), InferenceId.Create(5, 1_700_000_000_000, 42), 0) { Text = text }));
            return System.Text.Encoding.UTF8.GetString(body.Written.Span);
        }
    }

    [Fact]
    public async Task Continued_texts_and_embeddings_are_logged_shadowed_and_judged_as_any_answer()
    {
        await fixture.SendAsync(HttpMethod.Post, "/v1/projects/default/datasets", new { name = "texts", kind = "table" }, 201);
        await Node.RegisterFolderAsync("gpt", GoldenModels.Gpt);
        await Node.RegisterFolderAsync("gpt", GoldenModels.Gpt);
        await Node.RegisterFolderAsync("bag", GoldenModels.Embedding);
        var traffic = new TrafficSpec { Shares = [new TrafficShare { Version = 1, Percent = 100 }], Shadow = new ShadowSpec { Version = 2 } };
        var log = new PayloadLogSpec { Dataset = "texts" };
        await fixture.DeployAsync(Fixture.Spec("lines", traffic) with { Model = "gpt", PayloadLog = log });
        await fixture.DeployAsync(new DeploymentSpec { Name = "vectors", Model = "bag", Public = true, PayloadLog = log });

        var id = await IdAsync("/v2/models/lines/generate", new { text_input = "red", max_tokens = 29 });
        var drawn = await IdAsync("/openai/v1/completions", new { model = "lines", prompt = "one", stream = true, max_tokens = 5, seed = 7 });
        var vector = await IdAsync("/openai/v1/embeddings", new { model = "vectors", input = "warm" });

        var rows = (await fixture.RowsAsync("texts", 3)).ToDictionary(row => row.GetProperty("id").GetGuid(), row => row.GetProperty("data").GetString()!);
        Assert.StartsWith("{\"request\":{\"text_input\":\"red\",\"max_tokens\":29,", rows[id], StringComparison.Ordinal);
        Assert.EndsWith("\"answer\":{\"text_output\":\" green blue\",\"finish_reason\":\"stop\",\"prompt_tokens\":3,\"completion_tokens\":11}}", rows[id], StringComparison.Ordinal);
        Assert.Contains("\"seed\":7", rows[drawn], StringComparison.Ordinal);
        Assert.Contains("\"rows\":[\"warm\"]", rows[vector], StringComparison.Ordinal);
        var shadow = (await fixture.UntilAsync("lines", window => window is { ModelVersion: 2, Shadow.Compared: 2 })).Shadow!;
        Assert.Equal((2, 0), (shadow.Agreed, shadow.Failed));
        var stored = await fixture.SendAsync(
            HttpMethod.Post, "/v1/projects/default/feedback", new { items = new[] { new { inferenceId = id, label = "good", answeredLabel = "good" } } }, 200);
        Assert.Equal(1, stored.GetProperty("items")[0].GetProperty("modelVersion").GetInt32());

        async Task<Guid> IdAsync(string path, object body)
        {
            using var answer = await fixture.Client.PostAsJsonAsync(path, body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            return Guid.Parse(answer.Headers.GetValues("odl-inference-id").Single());
        }
    }

    [Fact]
    public async Task What_is_logged_is_committed_when_the_node_leaves_and_what_finds_no_room_is_dropped()
    {
        var options = Options.Create(new PayloadLogOptions { MaximumWaitingBytes = 4 * PayloadQueue.Overhead });
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = new PayloadMetrics(meters.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        var queue = new PayloadQueue(options, metrics);
        var commits = new KeptCommits();
        using var writer = new PayloadWriter(queue, commits, metrics, TimeProvider.System, options, Microsoft.Extensions.Logging.Abstractions.NullLogger<PayloadWriter>.Instance);
        var log = new PayloadLog(new PayloadLogSpec { Dataset = "d", MaximumBytes = 0 }, queue);
        await writer.StartAsync(CancellationToken.None);
        for (var request = 0; request < 6; request++)
        {
            log.OnAnswer(Routes.Digits(3), InferenceId.New(3, TimeProvider.System), new InferRequest { Inputs = [] }, new InferAnswer { Outputs = [] });
        }

        await writer.StopAsync(CancellationToken.None);

        Assert.Equal(4, Assert.Single(commits.Batches).Rows);
        Assert.Equal(4, commits.Lines);
        Assert.True(queue.TryReserve(Routes.Digits(3), 4 * PayloadQueue.Overhead));
    }

    [Fact]
    public async Task A_deployment_of_an_alias_follows_it_and_one_of_a_number_stays()
    {
        var model = Node.Grains.GetGrain<IModelGrain>(fixture.Model);
        await model.SetAliasAsync("champion", 1);
        var followed = await fixture.DeployAsync(new DeploymentSpec { Name = "followed", Model = $"{ServingNode.Model}@champion" });
        var pinned = await fixture.DeployAsync(new DeploymentSpec { Name = "pinned", Model = $"{ServingNode.Model}@1" });

        await model.SetAliasAsync("champion", 3);

        await Node.UntilAsync(followed.Id, current => current is { ServingVersion: 3, Status: DeploymentStatus.Ready });
        Assert.Equal((3, 3f), await fixture.InferAsync("followed"));
        Assert.Equal(1, (await Node.Deployments.GetAsync(pinned.Name)).ServingVersion);

        await model.SetAliasAsync("champion", 0);
        Assert.Equal((3, 3f), await fixture.InferAsync("followed"));
    }

    private sealed class CountingShadows : IShadowObserver
    {
        public int Dropped { get; private set; }

        public void OnCompared(Route shadow, TimeSpan latency, bool agrees, double? difference)
        {
        }

        public void OnFailed(Route shadow)
        {
        }

        public void OnDropped(Route shadow) => Dropped++;
    }

    private sealed class KeptCommits : IPayloadCommits
    {
        public List<PayloadBatch> Batches { get; } = [];

        public int Lines { get; private set; }

        public Task CommitAsync(PayloadBatch batch, CancellationToken cancellationToken)
        {
            Batches.Add(batch);
            Lines += batch.Lines.Span.Count((byte)'\n');
            return Task.CompletedTask;
        }
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private GrpcChannel _channel = null!;

        internal ServingNode Node { get; private set; } = null!;

        internal HttpClient Client { get; private set; } = null!;

        internal Guid Model { get; private set; }

        public async Task InitializeAsync()
        {
            Node = await ServingNode.StartAsync(new Dictionary<string, string?> { ["Serving:PayloadLog:CommitInterval"] = "00:00:00.1" });
            Client = Node.Client();
            _channel = GrpcChannel.ForAddress(Node.RpcUrl);
            foreach (var offset in (float[])[1, 1, 2])
            {
                Model = (await Node.RegisterAsync(offset)).Model;
            }
        }

        public async Task DisposeAsync()
        {
            _channel.Dispose();
            Client.Dispose();
            await Node.DisposeAsync();
        }

        internal static PayloadTensor Payload(string name, TensorElementType type, long[] shape, ReadOnlySpan<byte> data) =>
            new(new Tensor { Name = name, Type = type, Shape = shape, Data = data.ToArray() }, null);

        /// <summary>Every version of the model, open to all.</summary>
        internal static DeploymentSpec Spec(string name, TrafficSpec? traffic) =>
            new() { Name = name, Model = ServingNode.Model, Public = true, Versions = new VersionPolicy { Kind = VersionPolicyKind.All }, Traffic = traffic };

        internal async Task<Deployment> DeployAsync(DeploymentSpec spec) => await Node.UntilAsync(
            (await Node.Deployments.CreateAsync(Guid.CreateVersion7(), spec)).Id, current => current.Status is DeploymentStatus.Ready);

        internal async Task<(long Version, float Answer)> InferAsync(string deployment)
        {
            using var answer = await Client.PostAsJsonAsync($"/v2/models/{deployment}/infer", new { inputs = new[] { new { name = "x", shape = (int[])[1, 4], datatype = "FP32", data = Values } } });
            var json = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<System.Text.Json.JsonElement>();
            return (long.Parse(json.GetProperty("model_version").GetString()!, System.Globalization.CultureInfo.InvariantCulture), json.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
        }

        /// <summary>Asks one version and answers the inference id.</summary>
        internal async Task<Guid> AskAsync(string deployment, long version)
        {
            using var answer = await Client.PostAsJsonAsync($"/v2/models/{deployment}/versions/{version}/infer", new { inputs = new[] { new { name = "x", shape = (int[])[1, 4], datatype = "FP32", data = Values } } });
            return Guid.Parse(answer.EnsureSuccessStatusCode().Headers.GetValues("odl-inference-id").Single());
        }

        internal async Task<System.Text.Json.JsonElement> SendAsync(HttpMethod method, string path, object? body, int status)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await Client.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True((int)answer.StatusCode == status, $"{answer.StatusCode}: {text}");
            return System.Text.Json.JsonDocument.Parse(text).RootElement;
        }

        /// <summary>Waits until a dataset has so many rows and answers them.</summary>
        internal async Task<IReadOnlyList<System.Text.Json.JsonElement>> RowsAsync(string dataset, int count)
        {
            var began = TimeProvider.System.GetTimestamp();
            while (true)
            {
                using var answer = await Client.GetAsync(new Uri($"/v1/projects/default/datasets/{dataset}/versions/main/rows?pageSize=100", UriKind.Relative));
                var text = await answer.Content.ReadAsStringAsync();
                var rows = answer.IsSuccessStatusCode ? System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("items").EnumerateArray().ToList() : [];
                if (rows.Count >= count)
                {
                    return rows;
                }

                Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), text);
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }

        internal async Task<(long Version, float Answer)> InferRpcAsync(string deployment)
        {
            var request = new ModelInferRequest { ModelName = deployment, Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 4 } } } };
            request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(Values)));
            var answer = await new GRPCInferenceService.GRPCInferenceServiceClient(_channel).ModelInferAsync(request);
            return (long.Parse(answer.ModelVersion, System.Globalization.CultureInfo.InvariantCulture), MemoryMarshal.Read<float>(answer.RawOutputContents[0].Span));
        }

        /// <summary>Waits for a window of the deployment's last hour, all of it as one.</summary>
        internal async Task<ServingWindow> UntilAsync(string deployment, Func<ServingWindow, bool> condition)
        {
            var began = TimeProvider.System.GetTimestamp();
            while (true)
            {
                await Node.Services.GetRequiredService<WindowFlusher>().FlushAsync();
                var now = TimeProvider.System.GetUtcNow();
                var windows = await Node.Grains.GetGrain<IServingMetricsGrain>(Project.Default).QueryAsync(deployment, now.AddHours(-1), now.AddMinutes(1), 0);
                if (windows.FirstOrDefault(condition) is { } found)
                {
                    return found;
                }

                Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), System.Text.Json.JsonSerializer.Serialize(windows, OdlJson.Options));
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }
}
