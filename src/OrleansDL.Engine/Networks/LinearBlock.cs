using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

internal sealed class LinearBlock(ParameterPlan plan, long inputs, long outputs) : Block
{
    private readonly Parameter _weight = plan.Uniform("weight", 1 / Math.Sqrt(inputs), outputs, inputs);
    private readonly Parameter _bias = plan.Uniform("bias", 1 / Math.Sqrt(inputs), outputs);

    public override Tensor Forward(Tensor input, Pass pass) => nn.functional.linear(input, _weight.Tensor, _bias.Tensor);

    public override string Emit(OnnxGraph graph, string input) => graph.Node(
        "Gemm",
        [input, graph.Weights(_weight.Name, _weight.Values(), _weight.Shape), graph.Weights(_bias.Name, _bias.Values(), _bias.Shape)],
        null,
        OnnxAttribute.Of("transB", 1));
}
