using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary><c>relu</c>, <c>gelu</c> (exact, by the error function), <c>tanh</c>, <c>silu</c>, <c>leakyRelu</c> (slope 0.01) or <c>sigmoid</c>.</summary>
internal sealed class ActivationBlock(string function) : Block
{
    private const double Slope = 0.01;

    public override bool GoesOn => true;

    public override Tensor Forward(Tensor input, Pass pass) => function switch
    {
        "relu" => nn.functional.relu(input),
        "gelu" => nn.functional.gelu(input),
        "tanh" => tanh(input),
        "silu" => nn.functional.silu(input),
        "leakyRelu" => input.leaky_relu(Held(Slope)),
        "sigmoid" => sigmoid(input),
        _ => throw Unknown(),
    };

    public override string Emit(OnnxGraph graph, string input) => function switch
    {
        "relu" => graph.Node("Relu", [input]),
        "gelu" => EmitGelu(graph, input),
        "tanh" => graph.Node("Tanh", [input]),
        "silu" => graph.Node("Mul", [input, graph.Node("Sigmoid", [input])]),
        "leakyRelu" => graph.Node("LeakyRelu", [input], null, OnnxAttribute.Of("alpha", (float)Slope)),
        "sigmoid" => graph.Node("Sigmoid", [input]),
        _ => throw Unknown(),
    };

    /// <summary>Opset 17 has no Gelu: x/2 * (1 + erf(x / sqrt 2)).</summary>
    private static string EmitGelu(OnnxGraph graph, string input)
    {
        var scaled = graph.Node("Mul", [input, graph.Scalar((float)(1 / Math.Sqrt(2)))]);
        var share = graph.Node("Add", [graph.Node("Erf", [scaled]), graph.Scalar(1)]);
        return graph.Node("Mul", [graph.Node("Mul", [input, share]), graph.Scalar(0.5f)]);
    }

    private InvalidException Unknown() => new($"Activation '{function}' is unknown. Activations: {string.Join(", ", BlockKind.Activations)}.");
}
