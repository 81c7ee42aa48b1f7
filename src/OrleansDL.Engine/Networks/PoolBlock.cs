using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>The greatest or the mean of each square of an image. An odd kernel looks beyond the edges, where nothing counts.</summary>
internal sealed class PoolBlock(bool greatest, long kernel, long stride) : Block
{
    private readonly long _padding = BlockPlanner.PaddingOf((int)kernel);

    public override Tensor Forward(Tensor input, Pass pass) => greatest
        ? nn.functional.max_pool2d(input, [kernel, kernel], [stride, stride], [_padding, _padding])
        : nn.functional.avg_pool2d(input, [kernel, kernel], [stride, stride], [_padding, _padding], count_include_pad: false);

    public override string Emit(OnnxGraph graph, string input)
    {
        List<OnnxAttribute> attributes = [OnnxAttribute.Of("kernel_shape", kernel, kernel), OnnxAttribute.Of("strides", stride, stride)];
        if (_padding > 0)
        {
            attributes.Add(OnnxAttribute.Of("pads", _padding, _padding, _padding, _padding));
        }

        return graph.Node(greatest ? "MaxPool" : "AveragePool", [input], null, attributes);
    }
}
