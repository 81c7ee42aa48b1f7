using OrleansDL.Pipelines;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>A label per token or time step: cross entropy of logits [N, steps, labels], the mean over the steps that have a label.</summary>
internal sealed class SequenceHead(int labels, HeadSpec spec, float[]? weights) : Head
{
    private readonly ClassLoss _loss = new(weights, spec.LabelSmoothing, spec.FocalGamma);

    public override string Name => HeadNames.Sequence;

    public override int Outputs => labels;

    public override Tensor Loss(Tensor output, Tensor target) => _loss.Of(output.reshape(-1, labels), target.reshape(-1));

    public override long? Counted(Tensor target) => target.ge(Held(0)).sum().item<long>();

    public override long OutputsPerRow(Pipeline pipeline) => labels * pipeline.RowShape[0];

    public override void Dispose()
    {
        _loss.Dispose();
        base.Dispose();
    }
}
