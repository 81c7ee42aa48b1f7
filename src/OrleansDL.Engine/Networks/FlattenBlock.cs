using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Lays all but the batch axis in one row.</summary>
internal sealed class FlattenBlock : Block
{
    public override Tensor Forward(Tensor input, Pass pass) => input.flatten(1);

    public override string Emit(OnnxGraph graph, string input) => graph.Node("Flatten", [input], null, OnnxAttribute.Of("axis", 1));
}
