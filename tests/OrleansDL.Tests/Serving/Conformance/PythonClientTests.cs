using OrleansDL.Tests.Architecture;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>A client that shares no code with the server: Python's own gRPC, with stubs made of the proto files, and plain HTTP.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class PythonClientTests(ProtocolNode node) : IDisposable
{
    private readonly string _stubs = Directory.CreateTempSubdirectory("odl-stubs-").FullName;

    public void Dispose() => Directory.Delete(_stubs, recursive: true);

    [Fact]
    public async Task A_client_of_another_language_gets_what_the_protocol_promises()
    {
        (await node.LoadAsync("spoken", OffsetModel.Write(1))).EnsureSuccessStatusCode();
        await Python.RunAsync(
            "-m", "grpc_tools.protoc", "-I", Path.Combine(Sources.Root, "src/OrleansDL.Server"), $"--python_out={_stubs}", $"--grpc_python_out={_stubs}",
            "Serving/Rpc/Protos/grpc_service.proto", "Serving/Rpc/Protos/model_config.proto");
        var output = await Python.RunAsync(
            Path.Combine(Sources.Root, "tests/OrleansDL.Tests/Serving/Conformance/python_client.py"), _stubs, node.Node.Url.Authority, node.Node.RpcUrl.Authority, "spoken");
        Assert.Equal("all right", output.Trim());
    }
}
