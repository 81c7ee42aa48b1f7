using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Adam, or AdamW where weight decay is decoupled from the gradients.</summary>
internal sealed class AdamOptimizer : Optimizer
{
    private readonly bool _decoupled;
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;
    private readonly Tensor _mean;
    private readonly Tensor _square;

    public AdamOptimizer(Network network, TrainingSpec spec, bool decoupled)
        : base(network, spec)
    {
        _decoupled = decoupled;
        (_beta1, _beta2, _epsilon) = (Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.999, Settings.Epsilon ?? 1e-8);
        _mean = zeros_like(Weights);
        _square = zeros_like(Weights);
        State = new Dictionary<string, Tensor> { ["mean"] = _mean, ["square"] = _square };
    }

    public override IReadOnlyDictionary<string, Tensor> State { get; }

    public override void Step(long step, double rate)
    {
        if (_decoupled)
        {
            DecayWeights(rate);
        }
        else
        {
            DecayGradients();
        }

        _mean.mul_(Held(_beta1)).add_(Gradients, Held(1 - _beta1));
        _square.mul_(Held(_beta2)).addcmul_(Gradients, Gradients, Held(1 - _beta2));
        var denominator = _square.sqrt().div_(Held(Math.Sqrt(1 - Math.Pow(_beta2, step)))).add_(Held(_epsilon), Held(1));
        Weights.addcdiv_(_mean, denominator, Held(-rate / (1 - Math.Pow(_beta1, step))));
    }
}
