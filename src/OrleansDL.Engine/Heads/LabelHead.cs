using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>One label per row: cross entropy of logits [N, labels].</summary>
internal sealed class LabelHead(int labels) : Head
{
    public override string Name => HeadNames.Label;

    public override int Outputs => labels;

    public override Tensor Loss(Tensor output, Tensor target) => nn.functional.cross_entropy(output, target);
}
