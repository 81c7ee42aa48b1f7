using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Stochastic gradient descent with momentum, or with Nesterov's.</summary>
internal sealed class MomentumOptimizer : Optimizer
{
    private readonly double _momentum;
    private readonly bool _ahead;
    private readonly Tensor _velocity;

    public MomentumOptimizer(Network network, TrainingSpec spec)
        : base(network, spec)
    {
        (_momentum, _ahead) = (Settings.Momentum ?? 0.9, Settings.Nesterov ?? false);
        _velocity = zeros_like(Weights);
        State = new Dictionary<string, Tensor> { ["velocity"] = _velocity };
    }

    public override IReadOnlyDictionary<string, Tensor> State { get; }

    public override void Step(long step, double rate)
    {
        DecayGradients();
        _velocity.mul_(Held(_momentum)).add_(Gradients, Held(1));
        if (_ahead)
        {
            Weights.add_(Gradients.add_(_velocity, Held(_momentum)), Held(-rate));
        }
        else
        {
            Weights.add_(_velocity, Held(-rate));
        }
    }
}
