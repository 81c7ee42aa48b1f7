using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>The mean or the greatest of each channel over height and width, as one row.</summary>
internal sealed class GlobalPoolBlock(bool greatest) : Block
{
    public override Tensor Forward(Tensor input, Pass pass) => greatest ? input.amax([2L, 3L]) : input.mean([2L, 3L]);

    public override string Emit(OnnxGraph graph, string input) =>
        graph.Node("Flatten", [graph.Node(greatest ? "GlobalMaxPool" : "GlobalAveragePool", [input])], null, OnnxAttribute.Of("axis", 1));
}
