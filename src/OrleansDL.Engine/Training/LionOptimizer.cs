using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Lion (Chen et al. 2023): every weight moves by the rate, in the direction of the sign of a mean of gradients. Weight decay is decoupled.</summary>
internal sealed class LionOptimizer : Optimizer
{
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly Tensor _mean;

    public LionOptimizer(Network network, TrainingSpec spec)
        : base(network, spec)
    {
        (_beta1, _beta2) = (Settings.Beta1 ?? 0.9, Settings.Beta2 ?? 0.99);
        _mean = zeros_like(Weights);
        State = new Dictionary<string, Tensor> { ["mean"] = _mean };
    }

    public override IReadOnlyDictionary<string, Tensor> State { get; }

    public override void Step(long step, double rate)
    {
        DecayWeights(rate);
        Weights.add_(_mean.mul(Held(_beta1)).add_(Gradients, Held(1 - _beta1)).sign_(), Held(-rate));
        _mean.mul_(Held(_beta2)).add_(Gradients, Held(1 - _beta2));
    }
}
