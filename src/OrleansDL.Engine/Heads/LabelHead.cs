using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>One label per row: cross entropy of logits [N, labels].</summary>
internal sealed class LabelHead(int labels, HeadSpec spec, float[]? weights) : Head
{
    private readonly ClassLoss? _loss = weights is null && spec is { LabelSmoothing: 0, FocalGamma: 0 } ? null : new(weights, spec.LabelSmoothing, spec.FocalGamma);

    public override string Name => HeadNames.Label;

    public override int Outputs => labels;

    public override Tensor Loss(Tensor output, Tensor target) => _loss?.Of(output, target) ?? nn.functional.cross_entropy(output, target);

    public override void Dispose()
    {
        _loss?.Dispose();
        base.Dispose();
    }
}
