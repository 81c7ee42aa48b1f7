using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>An exponential running mean of the weights.</summary>
internal sealed class WeightAverage(Network network, double decay) : IDisposable
{
    /// <summary>The mean, laid out as the network's weights.</summary>
    public Tensor Weights { get; } = network.Weights.clone().DetachFromDisposeScope();

    /// <param name="step">Number of the step that has just been made, from 1.</param>
    public void Update(long step) => Weights.lerp_(network.Weights, 1 - Math.Min(decay, (1.0 + step) / (10.0 + step)));

    public void Dispose() => Weights.Dispose();
}
