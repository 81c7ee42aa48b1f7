using Grpc.Net.Client;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>A node that serves a model repository to everyone, loading what it is told to.</summary>
public sealed class ProtocolNode : IAsyncLifetime
{
    /// <summary>Most bytes of a request, over either protocol.</summary>
    public const int MaximumBytes = 8 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("odl-protocol-").FullName;

    internal ServingNode Node { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal GrpcChannel Channel { get; private set; } = null!;

    internal GRPCInferenceService.GRPCInferenceServiceClient Rpc { get; private set; } = null!;

    internal string TraceFile => Path.Combine(_folder, "trace.json");

    private string Models => Path.Combine(_folder, "models");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Models);
        Node = await ServingNode.StartAsync(new Dictionary<string, string?>
        {
            ["Serving:Repository:Directory"] = Models,
            ["Serving:Repository:ControlMode"] = "explicit",
            ["Serving:Repository:Public"] = "true",
            ["Serving:Trace:File"] = TraceFile,
            ["Serving:SharedMemory:Enabled"] = "true",
            ["Serving:MaximumRequestBytes"] = $"{MaximumBytes}",
            ["Serving:MaximumRpcBytes"] = $"{MaximumBytes}",
        }, unsafeUserCode: true);
        Http = Node.Client(withToken: false);
        Channel = GrpcChannel.ForAddress(Node.RpcUrl, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        Rpc = new(Channel);
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        Channel.Dispose();
        await Node.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Puts a model into the repository and loads it.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="onnx">Its only version; null: that is among the files.</param>
    /// <param name="config">Its <c>config.pbtxt</c>; null: none.</param>
    /// <param name="files">More files, by their path in the model's folder.</param>
    internal async Task<HttpResponseMessage> LoadAsync(string model, byte[]? onnx, string? config = null, params (string Path, byte[] Bytes)[] files)
    {
        if (onnx is not null)
        {
            Write(model, "1/model.onnx", onnx);
        }

        if (config is not null)
        {
            Write(model, "config.pbtxt", System.Text.Encoding.UTF8.GetBytes(config));
        }

        foreach (var (path, bytes) in files)
        {
            Write(model, path, bytes);
        }

        return await Http.PostAsync($"/v2/repository/models/{model}/load", null);
    }

    private void Write(string model, string path, byte[] bytes)
    {
        var whole = Path.Combine(Models, model, path);
        Directory.CreateDirectory(Path.GetDirectoryName(whole)!);
        File.WriteAllBytes(whole, bytes);
    }
}
