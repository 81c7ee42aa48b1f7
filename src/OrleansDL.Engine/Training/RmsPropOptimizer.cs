using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>RMSProp: each gradient is divided by the root of its own running mean square.</summary>
internal sealed class RmsPropOptimizer : Optimizer
{
    private readonly double _smoothing;
    private readonly double _epsilon;
    private readonly double _momentum;
    private readonly Tensor _square;
    private readonly Tensor? _velocity;

    public RmsPropOptimizer(Network network, TrainingSpec spec)
        : base(network, spec)
    {
        (_smoothing, _epsilon, _momentum) = (Settings.Smoothing ?? 0.99, Settings.Epsilon ?? 1e-8, Settings.Momentum ?? 0);
        _square = zeros_like(Weights);
        _velocity = _momentum > 0 ? zeros_like(Weights) : null;
        State = _velocity is null
            ? new Dictionary<string, Tensor> { ["square"] = _square }
            : new Dictionary<string, Tensor> { ["square"] = _square, ["velocity"] = _velocity };
    }

    public override IReadOnlyDictionary<string, Tensor> State { get; }

    public override void Step(long step, double rate)
    {
        DecayGradients();
        _square.mul_(Held(_smoothing)).addcmul_(Gradients, Gradients, Held(1 - _smoothing));
        var denominator = _square.sqrt().add_(Held(_epsilon), Held(1));
        if (_velocity is null)
        {
            Weights.addcdiv_(Gradients, denominator, Held(-rate));
        }
        else
        {
            _velocity.mul_(Held(_momentum)).addcdiv_(Gradients, denominator, Held(1));
            Weights.add_(_velocity, Held(-rate));
        }
    }
}
