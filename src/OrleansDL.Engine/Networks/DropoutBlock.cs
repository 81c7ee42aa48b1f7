using OrleansDL.Onnx;
using Tensor = TorchSharp.torch.Tensor;

namespace OrleansDL.Networks;

/// <summary>Drops a share of the units while training; nothing when serving.</summary>
internal sealed class DropoutBlock(double share) : Block
{
    public override bool GoesOn => true;

    public override Tensor Forward(Tensor input, Pass pass) => pass.Drop(input, share);

    public override string Emit(OnnxGraph graph, string input) => input;
}
