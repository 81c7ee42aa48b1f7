using OrleansDL.Pipelines;
using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>The token that follows each one: cross entropy of logits [N, tokens, vocabulary] against the input moved by one; padding does not count.</summary>
internal sealed class NextTokenHead(int vocabulary) : Head
{
    public override string Name => HeadNames.NextToken;

    public override int Outputs => vocabulary;

    public override Tensor Loss(Tensor output, Tensor target)
    {
        var length = target.shape[1] - 1;
        var logits = output.narrow(1, 0, length).reshape(-1, vocabulary);
        var next = target.narrow(1, 1, length).reshape(-1);
        var losses = nn.functional.cross_entropy(logits, next, ignore_index: 0, reduction: nn.Reduction.Sum);
        return losses / next.ne(Held(0)).sum().clamp_min(Held(1));
    }

    public override long? Counted(Tensor target) => target.narrow(1, 1, target.shape[1] - 1).ne(Held(0)).sum().item<long>();

    public override long OutputsPerRow(Pipeline pipeline) => vocabulary * pipeline.RowShape[0];
}
