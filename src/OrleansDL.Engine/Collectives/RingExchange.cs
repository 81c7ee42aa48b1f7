using System.Runtime.InteropServices;
using OrleansDL.Networks;
using TorchSharp;

namespace OrleansDL.Collectives;

/// <summary>The exchange over TCP, for devices whose memory the processor reads.</summary>
internal sealed class RingExchange(ProcessGroup group) : IGradientExchange
{
    private GradientQueue? _queue;
    private long? _begun;

    public RankShare Share { get; } = new(group.Rank, group.Size);

    /// <summary>The exchange that suits a device.</summary>
    public static IGradientExchange For(ProcessGroup group, torch.Device device) =>
        device.type is DeviceType.CUDA && Nccl.IsThere ? new NcclExchange(group) : new RingExchange(group);

    public void Begin(Network network, long from)
    {
        if (network.Gradients.device_type is DeviceType.CPU)
        {
            _queue ??= new GradientQueue(group.Gradients);
            _queue.Add(network.Gradients, from, _begun ?? network.TrainedGradients.numel());
            _begun = from;
        }
    }

    public void Sum(Network network)
    {
        if (network.Gradients.device_type is not DeviceType.CPU)
        {
            // Without NCCL a device's gradients go by way of the processor's memory.
            using var local = network.TrainedGradients.cpu();
            group.Gradients.Sum(MemoryMarshal.Cast<byte, float>(local.bytes));
            network.TrainedGradients.copy_(local);
            return;
        }

        // All that was begun is added up before what is left: one thread at a time speaks to the ring.
        _queue?.Wait();
        group.Gradients.Sum(MemoryMarshal.Cast<byte, float>(network.Gradients.bytes)[..(int)(_begun ?? network.TrainedGradients.numel())]);
        _begun = null;
    }

    public void Sum(Span<double> values) => group.Values.Sum(values);

    public void RequireSame(ReadOnlySpan<byte> digest, string what)
    {
        var all = group.Values.Gather(digest);
        for (var rank = 0; rank < group.Size; rank++)
        {
            if (!all.AsSpan(rank * digest.Length, digest.Length).SequenceEqual(digest))
            {
                var reason = $"The {what} of rank {rank} are not those of rank {group.Rank}: workers of a run must have the same kind of processor and the same build. Choose a pool of equal workers.";
                group.Abort(reason);
                throw new GroupLostException(reason);
            }
        }
    }

    public void Dispose()
    {
        _queue?.Dispose();
        _queue = null;
        group.Dispose();
    }
}
