using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Moves the weights along their gradients: a few calls on the network's flat buffers, whatever its number of layers.</summary>
internal abstract class Optimizer(Network network, TrainingSpec spec) : IDisposable
{
    protected Tensor Weights { get; } = network.Weights;

    protected Tensor Gradients { get; } = network.Gradients;

    protected double LearningRate { get; } = spec.LearningRate;

    protected double WeightDecay { get; } = spec.WeightDecay;

    /// <summary>What it remembers from step to step, by name; part of every checkpoint.</summary>
    public abstract IReadOnlyDictionary<string, Tensor> State { get; }

    /// <param name="step">Number of this step, from 1.</param>
    public abstract void Step(long step);

    public static Optimizer For(Network network, TrainingSpec spec) => spec.Optimizer switch
    {
        "sgd" => new MomentumOptimizer(network, spec),
        "adam" => new AdamOptimizer(network, spec, decoupled: false),
        "adamw" => new AdamOptimizer(network, spec, decoupled: true),
        _ => throw new InvalidException($"optimizer '{spec.Optimizer}' is unknown. Optimizers: sgd, adam, adamw."),
    };

    public void Dispose()
    {
        foreach (var tensor in State.Values)
        {
            tensor.Dispose();
        }
    }
}
