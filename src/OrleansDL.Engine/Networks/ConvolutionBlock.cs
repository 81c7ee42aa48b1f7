using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A square convolution that keeps height and width.</summary>
internal sealed class ConvolutionBlock(ParameterPlan plan, long inputs, long outputs, int kernel) : Block
{
    private readonly Parameter _weight = plan.Uniform("weight", 1 / Math.Sqrt(inputs * kernel * kernel), outputs, inputs, kernel, kernel);
    private readonly Parameter _bias = plan.Uniform("bias", 1 / Math.Sqrt(inputs * kernel * kernel), outputs);
    private readonly int _padding = kernel / 2;

    public override Tensor Forward(Tensor input, Pass pass) =>
        nn.functional.conv2d(input, _weight.Tensor, _bias.Tensor, strides: [1, 1], padding: [_padding, _padding]);

    public override string Emit(OnnxGraph graph, string input) => graph.Node(
        "Conv",
        [input, graph.Weights(_weight.Name, _weight.Values(), _weight.Shape), graph.Weights(_bias.Name, _bias.Values(), _bias.Shape)],
        null,
        OnnxAttribute.Of("kernel_shape", kernel, kernel),
        OnnxAttribute.Of("pads", _padding, _padding, _padding, _padding));
}
