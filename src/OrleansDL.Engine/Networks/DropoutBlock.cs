using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Drops a share of the units while training; nothing when serving.</summary>
internal sealed class DropoutBlock(double share) : Block
{
    public override Tensor Forward(Tensor input, bool training) => training ? nn.functional.dropout(input, share, training: true) : input;

    public override string Emit(OnnxGraph graph, string input) => input;
}
