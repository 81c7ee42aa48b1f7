using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>A node on the server's core that serves ONNX files as they are, and this process on the other core.</summary>
internal sealed class ServedModels : IAsyncDisposable
{
    private readonly TempFolder _folder;

    private ServedModels(TempFolder folder, OdlProcess node) => (_folder, Node) = (folder, node);

    public OdlProcess Node { get; }

    public Uri Url => Node.Options.Url;

    public Uri RpcUrl => Node.Options.RpcUrl;

    /// <param name="models">Name, or name and version as in <c>m/2</c>, and file.</param>
    /// <param name="configurations">More of a model's <c>config.pbtxt</c>; null: nothing.</param>
    public static async Task<ServedModels> StartAsync(IReadOnlyDictionary<string, byte[]> models, IReadOnlyDictionary<string, string>? configurations = null)
    {
        var folder = new TempFolder();
        foreach (var (name, onnx) in models)
        {
            var (model, version) = name.Split('/') is [var one, var number] ? (one, number) : (name, "1");
            Directory.CreateDirectory(folder[$"models/{model}/{version}"]);
            await File.WriteAllBytesAsync(folder[$"models/{model}/{version}/model.onnx"], onnx);
            await File.WriteAllTextAsync(folder[$"models/{model}/config.pbtxt"], $"name: \"{model}\"\nbackend: \"onnxruntime\"\n{configurations?.GetValueOrDefault(model)}");
        }

        var options = new OdlOptions
        {
            Data = folder["data"],
            Settings = new Dictionary<string, string> { ["Serving__Repository__Directory"] = folder["models"], ["Serving__Repository__DefaultMaximumBatchSize"] = "0" },
        };
        var node = await await Cores.OnAsync(Cores.Server, () => OdlProcess.StartAsync(options));
        Cores.TakeCallers();
        var served = new ServedModels(folder, node);
        using var api = served.Node.Api();
        foreach (var name in models.Keys.Select(name => name.Split('/')[0]).Distinct(StringComparer.Ordinal))
        {
            await Eventually.TrueAsync(name, async () => (await api.TryAsync(HttpMethod.Get, $"/v2/models/{name}/ready")).Status is System.Net.HttpStatusCode.OK);
        }

        return served;
    }

    public HttpCaller Http(string model, InferBody body) => new(Url, $"/v2/models/{model}/infer", Node.Token, body);

    public RpcCaller Rpc(string model, long[] shape, float[] values) => new(RpcUrl, Node.Token, InferBody.Rpc(model, shape, values));

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _folder.Dispose();
    }
}
