using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>
/// Any number of labels per row: binary cross entropy of each of logits [N, labels] against 0 or 1, the mean over rows and labels. With y moved
/// towards 1/2 by smoothing: w * y * -log p * (1 - p)^gamma + (1 - y) * -log(1 - p) * p^gamma, all of it from logarithms of sigmoids.
/// </summary>
internal sealed class LabelsHead(int labels, HeadSpec spec, float[]? positive) : Head
{
    private Tensor? _positive;

    public override string Name => HeadNames.Labels;

    public override int Outputs => labels;

    public override Tensor Loss(Tensor output, Tensor target)
    {
        var (yes, no) = (nn.functional.logsigmoid(output), nn.functional.logsigmoid(-output));
        var (having, lacking) = (-yes, -no);
        if (spec.FocalGamma > 0)
        {
            having *= (no * Held(spec.FocalGamma)).exp();
            lacking *= (yes * Held(spec.FocalGamma)).exp();
        }

        if (positive is not null)
        {
            having *= _positive ??= tensor(positive, dtype: output.dtype, device: output.device).DetachFromDisposeScope();
        }

        var share = (target * Held(1 - spec.LabelSmoothing)).add(Held(spec.LabelSmoothing / 2), Held(1));
        return (share * having).add((Held(1) - share) * lacking, Held(1)).mean();
    }

    public override void Dispose()
    {
        _positive?.Dispose();
        base.Dispose();
    }
}
