using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Normalises each row, or each step of a series, over its features.</summary>
internal sealed class LayerNormBlock(ParameterPlan plan, long width) : Block
{
    private const double Epsilon = 1e-5;

    private readonly Parameter _weight = plan.Precise("weight", 1, width);
    private readonly Parameter _bias = plan.Precise("bias", 0, width);

    public override bool GoesOn => true;

    public override Tensor Forward(Tensor input, Pass pass) =>
        nn.functional.layer_norm(input, [width], _weight.Tensor, _bias.Tensor, Epsilon);

    public override string Emit(OnnxGraph graph, string input) => graph.Node(
        "LayerNormalization",
        [input, graph.Weights(_weight), graph.Weights(_bias)],
        null,
        OnnxAttribute.Of("axis", -1),
        OnnxAttribute.Of("epsilon", (float)Epsilon));
}
