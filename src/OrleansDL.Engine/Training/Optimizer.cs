using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Moves the weights along their gradients: a few calls on the network's flat buffers, whatever its number of layers.</summary>
internal abstract class Optimizer : IDisposable
{
    private readonly double _weightDecay;

    /// <summary>1 where weight decay reaches, 0 elsewhere; null: it reaches everything.</summary>
    private readonly Tensor? _decayed;

    protected Optimizer(Network network, TrainingSpec spec)
    {
        (Weights, Gradients, _weightDecay) = (network.TrainedWeights, network.TrainedGradients, spec.WeightDecay);
        Settings = spec.OptimizerSettings ?? new OptimizerSettings();
        if (_weightDecay != 0 && Settings.DecayBiases is false)
        {
            _decayed = Matrices(network).DetachFromDisposeScope();
        }
    }

    protected Tensor Weights { get; }

    protected Tensor Gradients { get; }

    protected OptimizerSettings Settings { get; }

    /// <summary>What it remembers from step to step, by name; part of every checkpoint.</summary>
    public abstract IReadOnlyDictionary<string, Tensor> State { get; }

    /// <param name="step">Number of this step, from 1.</param>
    /// <param name="rate">Learning rate of this step.</param>
    public abstract void Step(long step, double rate);

    public static Optimizer For(Network network, TrainingSpec spec) => spec.Optimizer switch
    {
        "sgd" => new MomentumOptimizer(network, spec),
        "adam" => new AdamOptimizer(network, spec, decoupled: false),
        "adamw" => new AdamOptimizer(network, spec, decoupled: true),
        "rmsprop" => new RmsPropOptimizer(network, spec),
        "lion" => new LionOptimizer(network, spec),
        _ => throw new InvalidException($"optimizer '{spec.Optimizer}' is unknown. Optimizers: sgd, adam, adamw, rmsprop, lion."),
    };

    public void Dispose()
    {
        _decayed?.Dispose();
        foreach (var tensor in State.Values)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Weight decay as a part of the gradient (L2 regularisation).</summary>
    protected void DecayGradients()
    {
        if (_weightDecay != 0)
        {
            _ = _decayed is null ? Gradients.add_(Weights, Held(_weightDecay)) : Gradients.addcmul_(Weights, _decayed, Held(_weightDecay));
        }
    }

    /// <summary>Weight decay beside the gradient (decoupled).</summary>
    protected void DecayWeights(double rate)
    {
        if (_weightDecay != 0)
        {
            _ = _decayed is null ? Weights.mul_(Held(1 - (rate * _weightDecay))) : Weights.addcmul_(Weights, _decayed, Held(-rate * _weightDecay));
        }
    }

    /// <summary>1 for the values of tensors of two dimensions and more.</summary>
    private static Tensor Matrices(Network network)
    {
        var mask = new float[network.TrainedWeights.numel()];
        foreach (var parameter in network.Parameters.Where(parameter => parameter.Tensor.requires_grad && parameter.Shape.Length > 1))
        {
            mask.AsSpan(parameter.Offset, parameter.Count).Fill(1);
        }

        return tensor(mask, device: network.Weights.device);
    }
}
