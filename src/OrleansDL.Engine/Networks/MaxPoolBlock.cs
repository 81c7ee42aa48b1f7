using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Halves height and width, keeping the greatest of each 2x2 square.</summary>
internal sealed class MaxPoolBlock : Block
{
    public override Tensor Forward(Tensor input, Pass pass) => nn.functional.max_pool2d(input, kernel_size: 2, stride: 2);

    public override string Emit(OnnxGraph graph, string input) => graph.Node(
        "MaxPool", [input], null, OnnxAttribute.Of("kernel_shape", 2, 2), OnnxAttribute.Of("strides", 2, 2));
}
