using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>The row itself: the mean squared difference of output and input.</summary>
internal sealed class ReconstructionHead(int values) : Head
{
    public override string Name => HeadNames.Reconstruction;

    public override int Outputs => values;

    public override Tensor Loss(Tensor output, Tensor target) => (output - target).pow(Held(2)).mean();
}
