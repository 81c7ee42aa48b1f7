using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace OrleansDL.Serving;

/// <summary>The generations loaded in this process. The front calls them directly: no grain call, no copy, no lock.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "It is no collection to its callers.")]
public sealed class LocalReplicas : IDisposable
{
    private readonly ConcurrentDictionary<long, Slot> _slots = new();

    /// <summary>Makes a loaded generation callable. The caller goes on owning it until <see cref="RemoveAsync"/> has returned.</summary>
    /// <exception cref="InvalidOperationException">The generation is there already.</exception>
    public void Add(long generation, IReplica replica)
    {
        if (!_slots.TryAdd(generation, new Slot(replica)))
        {
            throw new InvalidOperationException($"Generation {generation} is loaded in this process already.");
        }
    }

    /// <summary>Takes the generation for one request; false when it is not loaded here (any more).</summary>
    public bool TryAcquire(long generation, out ReplicaLease lease)
    {
        if (_slots.TryGetValue(generation, out var slot) && slot.TryAcquire())
        {
            lease = new ReplicaLease(slot);
            return true;
        }

        lease = default;
        return false;
    }

    /// <summary>Lets no new request in and returns when the last one has left. Removing what is not there does nothing.</summary>
    /// <returns>The replica, to be freed by the caller alone; null when it was not there.</returns>
    public async Task<IReplica?> RemoveAsync(long generation)
    {
        if (!_slots.TryRemove(generation, out var slot))
        {
            return null;
        }

        slot.Release();
        await slot.Drained;
        return slot.Replica;
    }

    /// <summary>The node ends: frees what is loaded.</summary>
    public void Dispose()
    {
        foreach (var slot in _slots.Values)
        {
            (slot.Replica as IDisposable)?.Dispose();
        }

        _slots.Clear();
    }

    /// <summary>A replica and how many hold it: its owner and every request in flight. Nobody gets in after it fell to zero.</summary>
    internal sealed class Slot(IReplica replica)
    {
        private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _holders = 1;

        public IReplica Replica => replica;

        public Task Drained => _drained.Task;

        public bool TryAcquire()
        {
            var holders = Volatile.Read(ref _holders);
            while (holders > 0)
            {
                var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
                if (seen == holders)
                {
                    return true;
                }

                holders = seen;
            }

            return false;
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref _holders) == 0)
            {
                _drained.SetResult();
            }
        }
    }
}
