using System.Runtime.InteropServices;
using OrleansDL.Networks;

namespace OrleansDL.Collectives;

/// <summary>The exchange on NVIDIA devices: gradients by NCCL from device to device, all else over TCP. A group that breaks aborts the communicator, so that no device waits for a lost rank.</summary>
internal sealed unsafe partial class NcclExchange : IGradientExchange
{
    private readonly ProcessGroup _group;
    private readonly RingExchange _ring;
    private readonly nint _communicator;
    private readonly Lock _lock = new();
    private bool _over;

    public NcclExchange(ProcessGroup group)
    {
        (_group, _ring) = (group, new RingExchange(group));
        var id = group.Rank == 0 ? Nccl.NewUniqueId() : new byte[Nccl.UniqueIdBytes];
        group.Values.Broadcast(id, root: 0);
        _communicator = Nccl.Join(id, group.Rank, group.Size);
        group.OnBroken(_ => End(Nccl.Abort));
    }

    public RankShare Share => _ring.Share;

    // On one stream of the device nothing would go on beside it.
    public void Begin(Network network, long from)
    {
    }

    public void Sum(Network network)
    {
        _group.RequireWhole();
        Nccl.Sum(_communicator, DataPointer(network.Gradients.Handle), network.Gradients.numel());
    }

    public void Sum(Span<double> values) => _ring.Sum(values);

    public void RequireSame(ReadOnlySpan<byte> digest, string what) => _ring.RequireSame(digest, what);

    public void Dispose()
    {
        End(Nccl.Leave);
        _ring.Dispose();
    }

    private void End(Action<nint> how)
    {
        lock (_lock)
        {
            if (!_over)
            {
                _over = true;
                how(_communicator);
            }
        }
    }

    /// <summary>Where a tensor's values lie on its device. TorchSharp reads them on the processor only.</summary>
    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial void* DataPointer(nint tensor);
}
