using OrleansDL.Tests.Architecture;
using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Another client that shares no code with the server: gRPC written in JavaScript, and Node's own HTTP (tests/clients).</summary>
[Collection(ProtocolCollection.Name)]
public sealed class JavaScriptClientTests(ProtocolNode node)
{
    private const int OfText = 8;

    [Fact]
    public async Task A_client_in_JavaScript_gets_what_the_protocol_promises()
    {
        var folder = Path.Combine(Sources.Root, "tests", "clients");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            throw new InvalidOperationException("The client in JavaScript is not installed. tests/run installs it, or: npm ci --prefix tests/clients --ignore-scripts");
        }

        (await node.LoadAsync("numbers", OffsetModel.Write(1))).EnsureSuccessStatusCode();
        (await node.LoadAsync("texts", Model(Node("Identity", "same", "text"), Text(2, "texts"), End(11, "text", OfText, "N", "M"), End(12, "same", OfText, "N", "M")))).EnsureSuccessStatusCode();
        var output = await ForeignProgram.RunAsync("node", [], [
            Path.Combine(folder, "inference.js"), Path.Combine(Sources.Root, "src", "OrleansDL.Server"), node.Node.Url.Authority, node.Node.RpcUrl.Authority, "numbers", "texts"]);
        Assert.Equal("all right", output.Trim());
    }
}
