using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace OrleansDL.Serving;

/// <summary>The generations loaded in this process. The front calls them directly: no grain call, no copy, no lock.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "It is no collection to its callers.")]
public sealed class LocalReplicas : IDisposable
{
    private readonly ConcurrentDictionary<long, Slot> _slots = new();

    /// <summary>Makes a loaded generation callable. The caller goes on owning it until <see cref="RemoveAsync"/> has returned.</summary>
    /// <param name="generation">Number of the generation.</param>
    /// <param name="replica">What answers.</param>
    /// <param name="use">Is told of every request; null: nobody asks.</param>
    /// <exception cref="InvalidOperationException">The generation is there already.</exception>
    public void Add(long generation, IReplica replica, ReplicaUse? use = null)
    {
        if (!_slots.TryAdd(generation, new Slot(replica, use)))
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

    /// <summary>Takes a generation out that no request holds; false when one does, or it is not there.</summary>
    /// <param name="generation">Number of the generation.</param>
    /// <param name="replica">To be freed by the caller alone.</param>
    public bool TryRemoveIdle(long generation, [NotNullWhen(true)] out IReplica? replica)
    {
        // Whoever takes the slot out owns the replica: an unloading that came first does, and finds it drained.
        replica = _slots.TryGetValue(generation, out var slot) && slot.TryClose() && _slots.TryRemove(new(generation, slot)) ? slot.Replica : null;
        return replica is not null;
    }

    /// <summary>Whether a request holds the generation now.</summary>
    public bool IsHeld(long generation) => _slots.TryGetValue(generation, out var slot) && slot.IsHeld;

    /// <summary>Requests that wait for the generation's next execution in this process; 0 where it is not loaded here.</summary>
    public int WaitingOf(long generation) => _slots.TryGetValue(generation, out var slot) && slot.Replica is IWaitingRequests replica ? replica.Waiting : 0;

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
    internal sealed class Slot(IReplica replica, ReplicaUse? use)
    {
        private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _holders = 1;

        public IReplica Replica => replica;

        public Task Drained => _drained.Task;

        public bool IsHeld => Volatile.Read(ref _holders) > 1;

        public bool TryAcquire()
        {
            var holders = Volatile.Read(ref _holders);
            while (holders > 0)
            {
                var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
                if (seen == holders)
                {
                    use?.OnTaken();
                    return true;
                }

                holders = seen;
            }

            return false;
        }

        public void Release()
        {
            var holders = Interlocked.Decrement(ref _holders);
            if (holders == 0)
            {
                _drained.SetResult();
            }
            else if (holders == 1)
            {
                use?.OnLeft();
            }
        }

        /// <summary>Lets nobody in any more, if only the owner holds it.</summary>
        public bool TryClose()
        {
            var closed = Interlocked.CompareExchange(ref _holders, 0, 1) == 1;
            if (closed)
            {
                _drained.SetResult();
            }

            return closed;
        }
    }
}
