using System.Text;
using OrleansDL.Inference;
using OrleansDL.Onnx;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Inference;

public sealed class TextTensorTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Texts_go_through_a_model_unchanged()
    {
        using var session = Load();
        string[] texts = ["", "plain", "Grüße, 世界 🌍"];
        var answer = session.Infer(Request([3], Bytes(texts)));

        Assert.Equal(TensorElementType.Bytes, answer.Outputs.Single().Type);
        Assert.Equal(Bytes(texts), answer.Outputs.Single().Data.ToArray());
        Assert.Empty(session.Infer(Request([0], [])).Outputs.Single().Data.ToArray());
    }

    [Theory]
    [InlineData(2, new byte[] { 1, 0, 0, 0, 65 }, "expected 2 string elements for inference input 'text' for model 'echo', got 1")]
    [InlineData(1, new byte[] { 1, 0 }, "incomplete string length indicator for inference input 'text' for model 'echo', expecting 4 bytes but only 2 bytes available.")]
    [InlineData(1, new byte[] { 255, 255, 255, 255, 65 }, "incomplete string data for inference input 'text' for model 'echo', expecting string of length 4294967295 but only 1 bytes available.")]
    public void Texts_that_do_not_add_up_are_refused(long count, byte[] data, string message)
    {
        using var session = Load();
        Assert.Equal(message, Assert.Throws<InvalidException>(() => session.Infer(Request([count], data))).Message);
    }

    private static InferRequest Request(long[] shape, byte[] data) =>
        new() { Inputs = [new Tensor { Name = "text", Type = TensorElementType.Bytes, Shape = shape, Data = data }] };

    private static byte[] Bytes(params string[] texts) =>
        [.. texts.Select(Encoding.UTF8.GetBytes).SelectMany(text => (byte[])[.. BitConverter.GetBytes(text.Length), .. text])];

    private ModelSession Load()
    {
        // ONNX's type number of strings; our own networks have none.
        const OnnxType Text = (OnnxType)8;
        var node = new ProtoWriter().Text(1, "text").Text(2, "same").Text(4, "Identity");
        var graph = new ProtoWriter().Message(1, node).Text(2, "echo").Message(11, End("text")).Message(12, End("same"));
        var file = _folder["model.onnx"];
        File.WriteAllBytes(file, new ProtoWriter().Int(1, 8).Message(7, graph).Message(8, new ProtoWriter().Text(1, "").Int(2, 17)).ToArray());
        return ModelSession.Load(file, "echo");

        static ProtoWriter End(string name) => new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(
            1, new ProtoWriter().Int(1, (int)Text).Message(2, new ProtoWriter().Message(1, new ProtoWriter().Text(2, "count")))));
    }
}
