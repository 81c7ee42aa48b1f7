using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Gives each row another shape of as many values.</summary>
internal sealed class ReshapeBlock(IReadOnlyList<long> sizes) : Block
{
    public override Tensor Forward(Tensor input, Pass pass) => input.reshape([input.shape[0], .. sizes]);

    public override string Emit(OnnxGraph graph, string input) => graph.Node("Reshape", [input, graph.Integers([0, .. sizes])]);
}
