using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Adam, or AdamW where weight decay is decoupled from the gradients.</summary>
internal sealed class AdamOptimizer : Optimizer
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly bool _decoupled;
    private readonly Tensor _mean;
    private readonly Tensor _square;

    public AdamOptimizer(Network network, TrainingSpec spec, bool decoupled)
        : base(network, spec)
    {
        _decoupled = decoupled;
        _mean = zeros_like(Weights);
        _square = zeros_like(Weights);
        State = new Dictionary<string, Tensor> { ["mean"] = _mean, ["square"] = _square };
    }

    public override IReadOnlyDictionary<string, Tensor> State { get; }

    public override void Step(long step)
    {
        if (WeightDecay != 0)
        {
            _ = _decoupled ? Weights.mul_(1 - (LearningRate * WeightDecay)) : Gradients.add_(Weights, WeightDecay);
        }

        _mean.mul_(Beta1).add_(Gradients, 1 - Beta1);
        _square.mul_(Beta2).addcmul_(Gradients, Gradients, 1 - Beta2);
        var denominator = _square.sqrt().div_(Math.Sqrt(1 - Math.Pow(Beta2, step))).add_(Epsilon);
        Weights.addcdiv_(_mean, denominator, -LearningRate / (1 - Math.Pow(Beta1, step)));
    }
}
