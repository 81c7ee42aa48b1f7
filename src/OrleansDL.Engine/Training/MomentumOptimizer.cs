using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Stochastic gradient descent with momentum 0.9.</summary>
internal sealed class MomentumOptimizer : Optimizer
{
    private const double Momentum = 0.9;

    private readonly Tensor _velocity;

    public MomentumOptimizer(Network network, TrainingSpec spec)
        : base(network, spec)
    {
        _velocity = zeros_like(Weights);
        State = new Dictionary<string, Tensor> { ["velocity"] = _velocity };
    }

    public override IReadOnlyDictionary<string, Tensor> State { get; }

    public override void Step(long step)
    {
        if (WeightDecay != 0)
        {
            Gradients.add_(Weights, WeightDecay);
        }

        _velocity.mul_(Momentum).add_(Gradients);
        Weights.add_(_velocity, -LearningRate);
    }
}
