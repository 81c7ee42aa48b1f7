using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Divides by the Euclidean length, so that inner products are cosines.</summary>
internal sealed class NormalizeBlock : Block
{
    private const float LeastLength = 1e-12f;

    public override bool GoesOn => true;

    /// <summary>The floor stands before the root, whose slope at 0 is infinite.</summary>
    public override Tensor Forward(Tensor input, Pass pass) =>
        input / (input * input).sum(-1, keepdim: true).clamp_min(Held((double)LeastLength * LeastLength)).sqrt();

    public override string Emit(OnnxGraph graph, string input)
    {
        var length = graph.Node("ReduceL2", [input], null, OnnxAttribute.Of("axes", [-1L]), OnnxAttribute.Of("keepdims", 1));
        return graph.Node("Div", [input, graph.Node("Max", [length, graph.Scalar(LeastLength)])]);
    }
}
