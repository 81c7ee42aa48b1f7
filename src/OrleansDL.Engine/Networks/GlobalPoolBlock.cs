using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>The mean of each channel over height and width, as one row.</summary>
internal sealed class GlobalPoolBlock : Block
{
    public override Tensor Forward(Tensor input, Pass pass) => input.mean([2L, 3L]);

    public override string Emit(OnnxGraph graph, string input) =>
        graph.Node("Flatten", [graph.Node("GlobalAveragePool", [input])], null, OnnxAttribute.Of("axis", 1));
}
