using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansDL.Models;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Serving.Sequences;
using static OrleansDL.Tests.Serving.Ensembles.EnsembleNode;

namespace OrleansDL.Tests.Serving.Ensembles;

/// <summary>Graphs of real models over REST and gRPC of one real node.</summary>
public sealed class EnsembleTests(EnsembleNode node) : IClassFixture<EnsembleNode>
{
    [Fact]
    public async Task A_graph_of_models_answers_as_one_and_says_what_it_is()
    {
        var before = await CountAsync("twice");
        await node.DeployAsync("diamond", Spec("x", "y left", Step("plus1", "x=x -> y=a"), Step("twice", "x=a -> y=left"), Step("half", "x=a -> y=right"), Step("sum", "a=left b=right -> y=y")));

        var (outputs, _) = await node.InferAsync("diamond", X(3));
        Assert.Equal(10, outputs["y"][0]);
        Assert.Equal(8, outputs["left"][0]);
        Assert.Equal(["left"], (await node.InferAsync("diamond", X(1), ""","outputs":[{"name":"left"}]""")).Outputs.Keys);

        using var channel = GrpcChannel.ForAddress(node.Node.RpcUrl);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var token = new Grpc.Core.Metadata { { "authorization", node.Client.DefaultRequestHeaders.Authorization!.ToString() } };
        var request = new ModelInferRequest { ModelName = "diamond", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { 1, 4 } } } };
        request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([5, 5, 5, 5])));
        Assert.Equal(15, MemoryMarshal.Read<float>((await client.ModelInferAsync(request, token)).RawOutputContents[0].Span));

        var metadata = await client.ModelMetadataAsync(new ModelMetadataRequest { Name = "diamond" }, token);
        Assert.Equal(("ensemble", "x", 2), (metadata.Platform, metadata.Inputs.Single().Name, metadata.Outputs.Count));
        Assert.Equal([-1, 4], metadata.Outputs[0].Shape);
        Assert.Contains("\"platform\":\"ensemble\"", await node.Client.GetStringAsync("/v2/models/diamond"), StringComparison.Ordinal);
        var config = (await client.ModelConfigAsync(new ModelConfigRequest { Name = "diamond" }, token)).Config;
        Assert.Equal(["plus1", "twice", "half", "sum"], config.EnsembleScheduling.Step.Select(step => step.ModelName));
        Assert.Equal("right", config.EnsembleScheduling.Step[3].InputMap["b"]);
        using var index = await node.Client.PostAsync("/v2/repository/index", null);
        Assert.Contains("""{"name":"diamond","version":"1","state":"READY"}""", await index.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Assert.Equal(3, await CountAsync("diamond"));
        Assert.Equal(3, await CountAsync("twice") - before);
    }

    [Fact]
    public async Task A_condition_chooses_who_makes_a_tensor_and_what_follows()
    {
        await node.DeployAsync("choice", Spec("x", "y",
            Step("plus1", "x=x -> y=a"),
            Step("twice", "x=a -> y=y", "has(parameters.way) && parameters.way == \"twice\""),
            Step("half", "x=a -> y=y", "tensors.a[0] > 10.0"),
            Step("less2", "x=a -> y=y")));

        Assert.Equal(4, (await node.InferAsync("choice", X(1), ""","parameters":{"way":"twice"}""")).Outputs["y"][0]);
        Assert.Equal(0, (await node.InferAsync("choice", X(1), ""","parameters":{"way":"other","more":3}""")).Outputs["y"][0]);
        Assert.Equal(0, (await node.InferAsync("choice", X(1))).Outputs["y"][0]);
        Assert.Equal(10, (await node.InferAsync("choice", X(19))).Outputs["y"][0]);

        await node.DeployAsync("asking", Spec("x", "y", Step("twice", "x=x -> y=y", "parameters.fast", "quick"), Step("half", "x=x -> y=y")));
        var (status, body, _) = await node.PostAsync("asking", Body(X(1)));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("step 'quick' (deployment 'twice'): its condition 'parameters.fast' has no value", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_by_name()
    {
        await RefusedAsync<NotFoundException>("step 'nobody': project 'default' has no deployment 'nobody'", Spec("x", "y", Step("nobody", "x=x -> y=y")));
        await RefusedAsync("reads tensor 'z', which is no input of the ensemble", Spec("x", "y", Step("sum", "a=x b=z -> y=y")));
        await RefusedAsync("Output 'z' of the ensemble is made by no step", Spec("x", "y z", Step("twice", "x=x -> y=y")));
        await RefusedAsync("Input 'q' of the ensemble is read by no step", Spec("x q", "y", Step("twice", "x=x -> y=y")));
        await RefusedAsync("input 'x' of step 'whole' takes INT64 [-1,4]", Spec("x", "y", Step("twice", "x=x -> y=a"), Step("whole", "x=a -> y=y")));
        await RefusedAsync("input 'x' of step 'wide' takes FP32 [-1,5]", Spec("x", "y", Step("twice", "x=x -> y=a"), Step("wide", "x=a -> y=y")));
        await RefusedAsync("gives no tensor for input 'b' of deployment 'sum'", Spec("x", "y", Step("sum", "a=x -> y=y")));
        await RefusedAsync("gives input 'q', which deployment 'twice' does not have", Spec("x", "y", Step("twice", "q=x -> y=y")));
        await RefusedAsync("uses output 'q', which deployment 'twice' does not have", Spec("x", "q", Step("twice", "x=x -> q=q")));
        await RefusedAsync("in a circle: 'twice' -> 'sum' -> 'twice'", Spec("x", "y", Step("sum", "a=x b=t -> y=y"), Step("twice", "x=y -> y=t")));
        await RefusedAsync("is made by the ensemble's steps 'twice' and 'half', and 'twice' has no condition", Spec("x", "y", Step("twice", "x=x -> y=y"), Step("half", "x=x -> y=y")));
        await RefusedAsync("is made only under a condition", Spec("x", "y", Step("twice", "x=x -> y=y", "true")));
        await RefusedAsync("a double and not true or false", Spec("x", "y", Step("twice", "x=x -> y=y", "tensors.x[0]"), Step("half", "x=x -> y=y")));
        await RefusedAsync("reads tensor 'q'", Spec("x", "y", Step("twice", "x=x -> y=y", "tensors.q[0] > 1"), Step("half", "x=x -> y=y")));
        await RefusedAsync("The ensemble's input 'x' is INT64", Spec("x", "y", Step("twice", "x=x -> y=y")) with { Inputs = [new EnsembleTensor { Name = "x", Type = TensorElementType.Int64 }] });
        await RefusedAsync("which is an input of the ensemble", Spec("x", "y", Step("two", "x=x -> up=y down=x")));
        await RefusedAsync("none of them null", Spec("x", "y", null!));
        await RefusedAsync("steps[0] has inputs and outputs", Spec("x", "y", new EnsembleStep { Deployment = "twice", Inputs = null!, Outputs = null! }));
        await RefusedAsync("maximumInFlight is 0", Spec("x", "y", Step("twice", "x=x -> y=y")) with { MaximumInFlight = 0 });
        var model = await Assert.ThrowsAsync<InvalidException>(() => node.Node.Deployments.CreateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = "refused", Model = "twice", Ensemble = Spec("x", "y", Step("twice", "x=x -> y=y")) }));
        Assert.Contains("ensemble and model do not go together", model.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sequence_goes_on_in_the_step_that_keeps_it()
    {
        await node.Node.RegisterAsync(AccumulatorModel.Write(), "accumulator");
        await node.Node.DeployAsync("sums", model: "accumulator", sequence: AccumulatorModel.Spec(SequenceStrategy.Oldest));
        await node.DeployAsync("running", Spec("x", "total", Step("sums", "x=x -> sum=total")), new ResponseCacheSpec());

        Assert.Equal("2", await StepAsync(2, "\"sequence_start\":true"));
        Assert.Equal("4", await StepAsync(2, "\"sequence_end\":false"));
        Assert.Equal("6", await StepAsync(2, "\"sequence_end\":true"));

        async Task<string> StepAsync(int value, string flag)
        {
            var (status, body, _) = await node.PostAsync("running", $$$"""{"parameters":{"sequence_id":42,{{{flag}}}},"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[{{{value}}}]}]}""");
            Assert.True(status is HttpStatusCode.OK, body);
            using var json = JsonDocument.Parse(body);
            return json.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetRawText();
        }
    }

    [Fact]
    public void What_is_sent_of_an_ensemble_arrives_as_it_was()
    {
        using var services = new ServiceCollection().AddSerializer(builder => builder.AddAssembly(typeof(DeploymentSpec).Assembly)).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var config = Google.Protobuf.JsonParser.Default.Parse<ModelConfig>("""
            {"name":"m","platform":"ensemble","input":[{"name":"x","data_type":"TYPE_FP32","dims":[4]}],"output":[{"name":"z","data_type":"TYPE_FP32","dims":[4]}],
             "ensemble_scheduling":{"step":[{"model_name":"plain","input_map":{"x":"x"},"output_map":{"y":"z"}}]}}
            """);
        var spec = new DeploymentSpec { Name = "m", Ensemble = ConfigEnsemble.Of(config), Cache = new ResponseCacheSpec { Seconds = 2 }, Raw = true };
        Assert.Equal(Text(spec), Text(serializer.Deserialize<DeploymentSpec>(serializer.SerializeToArray(spec))));

        var request = new InferRequest { Inputs = [], Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { ["way"] = "\"twice\"" }, Depth = 2 };
        Assert.Equal(Text(request), Text(serializer.Deserialize<InferRequest>(serializer.SerializeToArray(request))));

        static string Text<T>(T value) => JsonSerializer.Serialize(value, OdlJson.Options);
    }

    [Fact]
    public async Task Ensembles_within_ensembles_answer_but_never_call_themselves()
    {
        await node.DeployAsync("inner", Spec("x", "y", Step("plus1", "x=x -> y=a"), Step("twice", "x=a -> y=y")));
        var inner = await node.Node.Deployments.GetAsync("inner");
        await node.DeployAsync("outer", Spec("x", "z", Step("inner", "x=x -> y=y"), Step("inner", "x=y -> y=z")));
        Assert.Equal(10, (await node.InferAsync("outer", X(1))).Outputs["z"][0]);

        var grain = node.Node.Grains.GetGrain<IDeploymentGrain>(inner.Id);
        var circle = await Assert.ThrowsAsync<InvalidException>(() => grain.UpdateAsync(
            Guid.CreateVersion7(), new DeploymentSpec { Name = "inner", Ensemble = Spec("x", "y", Step("outer", "x=x -> z=y")) }, null));
        Assert.Contains("'inner' -> 'outer' -> 'inner'", circle.Message, StringComparison.Ordinal);
        Assert.Equal(10, (await node.InferAsync("outer", X(1))).Outputs["z"][0]);
    }

    [Fact]
    public async Task A_step_that_is_gone_is_named_and_the_ensemble_is_back_when_it_is()
    {
        await node.Node.RegisterAsync(SmallModels.Unary("Add", 100), "hundred");
        var step = await node.Node.DeployAsync("hundred", model: "hundred");
        var ensemble = await node.DeployAsync("leaning", Spec("x", "y", Step("hundred", "x=x -> y=y", name: "far")));
        Assert.Equal(101, (await node.InferAsync("leaning", X(1))).Outputs["y"][0]);
        var grain = node.Node.Grains.GetGrain<IDeploymentGrain>(step.Id);

        await grain.UpdateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "hundred", Model = "hundred", Unloaded = true }, null);
        var (status, body, headers) = await node.PostAsync("leaning", Body(X(1)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("in ensemble 'leaning', Deployment 'hundred' is not ready", body, StringComparison.Ordinal);
        Assert.NotNull(headers.RetryAfter);

        await grain.DeleteAsync(null);
        var failed = await node.Node.UntilAsync(ensemble.Id, current => current.Status is DeploymentStatus.Failed);
        Assert.Contains("step 'far' (deployment 'hundred'): project 'default' has no deployment 'hundred'", failed.Reason, StringComparison.Ordinal);

        await node.Node.DeployAsync("hundred", model: "hundred");
        await node.Node.UntilAsync(ensemble.Id, current => current.Status is DeploymentStatus.Ready);
        Assert.Equal(101, (await node.InferAsync("leaning", X(1))).Outputs["y"][0]);
    }

    [Fact]
    public async Task A_swap_of_a_step_loses_no_request_and_every_inference_id_leads_to_the_version_that_answered()
    {
        for (var version = 1; version <= 4; version++)
        {
            await node.Node.RegisterAsync(version * 10);
        }

        var step = await node.Node.DeployAsync("swapped", model: $"{ServingNode.Model}@1");
        await node.DeployAsync("steady", Spec("x", "y", Step("plus1", "x=x -> y=a"), Step("swapped", "x=a -> y=y")));
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var answers = new List<(float Answer, string Id)>();
            while (!stop.IsCancellationRequested)
            {
                var (outputs, id) = await node.InferAsync("steady", X(1));
                answers.Add((outputs["y"][0], id));
            }

            return answers;
        })));
        for (var version = 2; version <= 4; version++)
        {
            await node.Node.ServeAsync(step, version);
            await node.Node.UntilAsync(step.Id, current => current is { Status: DeploymentStatus.Ready } && current.ServingVersion == version);
        }

        var (last, lastId) = await node.InferAsync("steady", X(1));
        await stop.CancelAsync();
        var answers = (await load).SelectMany(some => some).Append((last["y"][0], lastId)).ToList();
        Assert.Equal(42, last["y"][0]);

        // One id of each version and generation: looking all up would take longer than making them.
        var lineage = node.Node.Grains.GetGrain<ILineageGrain>(Project.Default);
        foreach (var (answer, id) in answers.GroupBy(answer => (answer.Item1, Guid.Parse(answer.Item2).ToString()[^8..])).Select(same => same.First()))
        {
            var graph = await UntilKnownAsync(lineage, id);
            var versions = graph.Nodes.Where(found => found.Kind == "model-version").Select(found => found.Title).ToList();
            Assert.Contains($"{ServingNode.Model}@{(answer - 2) / 10}", versions);
            Assert.Equal(2, versions.Count);
        }
    }

    [Fact]
    public async Task Requests_beyond_the_bound_are_refused_at_once()
    {
        await node.Node.RegisterAsync(SmallModels.Unary("Add", 7), "slow");
        await node.Node.DeployAsync("slow", batching: new BatchingSpec { MaximumDelayMicroseconds = 300_000 }, model: "slow");
        await node.DeployAsync("narrow", Spec("x", "y", Step("slow", "x=x -> y=y")) with { MaximumInFlight = 2 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => node.PostAsync("narrow", Body(X(1)))));

        Assert.Contains(answers, answer => answer.Status is HttpStatusCode.OK);
        var refused = answers.First(answer => answer.Status is HttpStatusCode.ServiceUnavailable);
        Assert.Contains("2 requests of ensemble 'narrow' are in flight", refused.Body, StringComparison.Ordinal);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable));
        Assert.Equal(8, (await node.InferAsync("narrow", X(1))).Outputs["y"][0]);
    }

    [Fact]
    public async Task Random_graphs_give_each_of_many_requests_what_its_steps_give_by_hand()
    {
        var random = new Random(17);
        for (var graph = 0; graph < 12; graph++)
        {
            var made = RandomGraph.Draw(random);
            await node.DeployAsync($"random-{graph}", made.Spec);
            var requests = Enumerable.Range(0, 24).Select(_ => made.Inputs.ToDictionary(name => name, _ => Enumerable.Range(0, 4).Select(_ => (float)random.Next(-50, 50)).ToArray())).ToList();
            var answers = await Task.WhenAll(requests.Select(request => Task.Run(() => node.InferAsync($"random-{graph}", request))));
            foreach (var (request, answer) in requests.Zip(answers))
            {
                var expected = made.Compute(request);
                foreach (var (name, values) in answer.Outputs)
                {
                    Assert.Equal(expected[name], values);
                }
            }
        }
    }

    private static async Task<LineageGraph> UntilKnownAsync(ILineageGrain lineage, string id)
    {
        // A step's own lineage is written when its swap is over, which may be a moment after its first answers.
        for (var attempt = 0; ; attempt++)
        {
            var graph = await lineage.WalkAsync(id, LineageDirection.Up, 10);
            if (attempt == 100 || graph.Nodes.Count(found => found.Kind == "model-version") == 2)
            {
                return graph;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private async Task<int> CountAsync(string model)
    {
        using var statistics = JsonDocument.Parse(await node.Client.GetStringAsync($"/v2/models/{model}/stats"));
        return statistics.RootElement.GetProperty("model_stats")[0].GetProperty("inference_stats").GetProperty("success").GetProperty("count").GetInt32();
    }

    private Task RefusedAsync(string message, EnsembleSpec spec) => RefusedAsync<InvalidException>(message, spec);

    private async Task RefusedAsync<TError>(string message, EnsembleSpec spec)
        where TError : Exception
    {
        var error = await Assert.ThrowsAsync<TError>(() => node.Node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "refused", Ensemble = spec }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
