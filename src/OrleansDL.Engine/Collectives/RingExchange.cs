using System.Runtime.InteropServices;
using OrleansDL.Networks;
using TorchSharp;

namespace OrleansDL.Collectives;

/// <summary>The exchange over TCP, for devices whose memory the processor reads.</summary>
internal sealed class RingExchange(ProcessGroup group) : IGradientExchange
{
    public RankShare Share { get; } = new(group.Rank, group.Size);

    /// <summary>The exchange that suits a device.</summary>
    public static IGradientExchange For(ProcessGroup group, torch.Device device) =>
        device.type is DeviceType.CUDA && Nccl.IsThere ? new NcclExchange(group) : new RingExchange(group);

    public void Sum(Network network)
    {
        if (network.Gradients.device_type is DeviceType.CPU)
        {
            group.Gradients.Sum(MemoryMarshal.Cast<byte, float>(network.Gradients.bytes));
            return;
        }

        // Without NCCL a device's gradients go by way of the processor's memory.
        using var local = network.Gradients.cpu();
        group.Gradients.Sum(MemoryMarshal.Cast<byte, float>(local.bytes));
        network.Gradients.copy_(local);
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

    public void Dispose() => group.Dispose();
}
