using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving.Ensembles;

/// <summary>A node with small models deployed, shared by the tests of ensembles.</summary>
public sealed class EnsembleNode : IAsyncLifetime
{
    public static readonly (string Name, string Operation, float Value)[] Unary =
        [("plus1", "Add", 1), ("plus3", "Add", 3), ("twice", "Mul", 2), ("half", "Mul", 0.5f), ("less2", "Sub", 2), ("floor0", "Max", 0)];

    public static readonly (string Name, string Operation)[] Binary = [("sum", "Add"), ("difference", "Sub"), ("greater", "Max")];

    internal ServingNode Node { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Node = await ServingNode.StartAsync();
        Client = Node.Client();
        foreach (var (name, operation, value) in Unary)
        {
            await Node.RegisterAsync(SmallModels.Unary(operation, value), name);
        }

        foreach (var (name, operation) in Binary)
        {
            await Node.RegisterAsync(SmallModels.Binary(operation), name);
        }

        await Node.RegisterAsync(SmallModels.Two(10), "two");
        await Node.RegisterAsync(SmallModels.Whole(), "whole");
        await Node.RegisterAsync(SmallModels.Wide(), "wide");
        await Task.WhenAll(Unary.Select(unary => unary.Name).Concat(Binary.Select(binary => binary.Name)).Concat(["two", "whole", "wide"]).Select(name => Node.DeployAsync(name, model: name)));
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await Node.DisposeAsync();
    }

    public async Task<Deployment> DeployAsync(string name, EnsembleSpec ensemble, ResponseCacheSpec? cache = null)
    {
        var deployment = await Node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = name, Ensemble = ensemble, Cache = cache });
        return await Node.UntilAsync(deployment.Id, current => current.Status is DeploymentStatus.Ready or DeploymentStatus.Failed);
    }

    public static EnsembleSpec Spec(string inputs, string outputs, params EnsembleStep[] steps) => new()
    {
        Inputs = [.. inputs.Split(' ').Select(name => new EnsembleTensor { Name = name })],
        Outputs = [.. outputs.Split(' ').Select(name => new EnsembleTensor { Name = name })],
        Steps = steps,
    };

    /// <summary>A step written as <c>x=image a=other -> y=scores</c>: the deployment's tensors and the ensemble's.</summary>
    public static EnsembleStep Step(string deployment, string maps, string? when = null, string? name = null)
    {
        var sides = maps.Split(" -> ");
        return new EnsembleStep { Name = name, Deployment = deployment, Inputs = Map(sides[0]), Outputs = Map(sides[1]), When = when };

        static Dictionary<string, string> Map(string side) => side.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public static string Body(IReadOnlyDictionary<string, float[]> inputs, string more = "") =>
        $$"""{"inputs":[{{string.Join(',', inputs.Select(input => $$"""{"name":"{{input.Key}}","shape":[1,4],"datatype":"FP32","data":[{{string.Join(',', input.Value.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}}]}"""))}}]{{more}}}""";

    public async Task<(HttpStatusCode Status, string Body, HttpResponseHeaders Headers)> PostAsync(string model, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Client.PostAsync($"/v2/models/{model}/infer", content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers);
    }

    /// <summary>Outputs by name, and the inference id.</summary>
    public async Task<(Dictionary<string, float[]> Outputs, string Id)> InferAsync(string model, IReadOnlyDictionary<string, float[]> inputs, string more = "")
    {
        var (status, body, headers) = await PostAsync(model, Body(inputs, more));
        Assert.True(status is HttpStatusCode.OK, $"{status}: {body}");
        using var json = JsonDocument.Parse(body);
        return (
            json.RootElement.GetProperty("outputs").EnumerateArray().ToDictionary(output => output.GetProperty("name").GetString()!, output => output.GetProperty("data").EnumerateArray().Select(value => value.GetSingle()).ToArray()),
            headers.GetValues("odl-inference-id").Single());
    }

    public static Dictionary<string, float[]> X(float value) => new() { ["x"] = [value, value, value, value] };
}
