using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Other weights in a network for a while; its own come back bit for bit.</summary>
internal sealed class LentWeights : IDisposable
{
    private readonly Network _network;
    private readonly Tensor _weights;
    private readonly Tensor _buffers;

    /// <param name="network">The network.</param>
    /// <param name="weights">What stands in for its weights.</param>
    /// <param name="buffers">What stands in for what its blocks keep; null: that stays.</param>
    public LentWeights(Network network, Tensor weights, Tensor? buffers = null)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        _network = network;
        _weights = network.Weights.clone().DetachFromDisposeScope();
        _buffers = network.Buffers.clone().DetachFromDisposeScope();
        network.Weights.copy_(weights);
        if (buffers is not null)
        {
            network.Buffers.copy_(buffers);
        }
    }

    public void Dispose()
    {
        using var guard = no_grad();
        using (NewDisposeScope())
        {
            _network.Weights.copy_(_weights);
            _network.Buffers.copy_(_buffers);
        }

        _weights.Dispose();
        _buffers.Dispose();
    }
}
