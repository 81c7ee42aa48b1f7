using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary><c>relu</c>, <c>gelu</c> (exact, by the error function) or <c>tanh</c>.</summary>
internal sealed class ActivationBlock(string function) : Block
{
    public override Tensor Forward(Tensor input, Pass pass) => function switch
    {
        "relu" => nn.functional.relu(input),
        "gelu" => nn.functional.gelu(input),
        "tanh" => tanh(input),
        _ => throw new InvalidException($"Activation '{function}' is unknown. Activations: relu, gelu, tanh."),
    };

    public override string Emit(OnnxGraph graph, string input) => function switch
    {
        "relu" => graph.Node("Relu", [input]),
        "gelu" => EmitGelu(graph, input),
        "tanh" => graph.Node("Tanh", [input]),
        _ => throw new InvalidException($"Activation '{function}' is unknown. Activations: relu, gelu, tanh."),
    };

    /// <summary>Opset 17 has no Gelu: x/2 * (1 + erf(x / sqrt 2)).</summary>
    private static string EmitGelu(OnnxGraph graph, string input)
    {
        var scaled = graph.Node("Mul", [input, graph.Scalar((float)(1 / Math.Sqrt(2)))]);
        var share = graph.Node("Add", [graph.Node("Erf", [scaled]), graph.Scalar(1)]);
        return graph.Node("Mul", [graph.Node("Mul", [input, share]), graph.Scalar(0.5f)]);
    }
}
