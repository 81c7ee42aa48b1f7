using OrleansDL.Inference;
using OrleansDL.Native;

namespace OrleansDL.Serving.Residency;

/// <summary>Measures what loading a model took.</summary>
/// <remarks>
/// The process's heap grows by the model, what the runtime keeps about it, and the arena's chunks; of those only what was in use was ever
/// touched, and the rest takes no memory. Two models that are loaded at the same time cannot be told apart on the heap: their arenas can,
/// and what comes on top is what models loaded alone took lately. What .NET keeps of a model cannot be told from the rest of its heap
/// and is the same for all of them.
/// </remarks>
internal sealed class HeapMeter
{
    private const double Weight = 0.2;

    /// <summary>A model's session, bound buffers, replica, routes and counts: 50 to 80 KiB where a thousand were loaded.</summary>
    private const long Managed = 64 << 10;
    private readonly Lock _gate = new();
    private double? _typical;
    private int _active;
    private long _changes;

    public Reading Begin()
    {
        lock (_gate)
        {
            _active++;
            _changes++;

            // Counting walks through the heap, for a millisecond when it is large: not where the count would be of no use.
            return new Reading(_changes, _active == 1, _active == 1 ? NativeMemory.InUse() : null);
        }
    }

    /// <summary>Ends a measurement. What was not measured to its end is ended without a result.</summary>
    /// <returns>Bytes the model takes.</returns>
    public long End(Reading reading, ArenaUse arena)
    {
        lock (_gate)
        {
            var isAlone = reading.IsAlone && _changes == reading.Changes;
            Forget();
            if (isAlone && NativeMemory.InUse() - reading.InUse - arena.Reserved is { } beyond and >= 0)
            {
                _typical = _typical is { } typical ? (typical * (1 - Weight)) + (beyond * Weight) : beyond;
                return Managed + arena.Used + beyond;
            }

            return Managed + arena.Used + (long)(_typical ?? 0);
        }
    }

    /// <summary>The heap changes by something else: what is being measured is not alone.</summary>
    public void Disturb()
    {
        lock (_gate)
        {
            _changes++;
        }
    }

    public void Abandon()
    {
        lock (_gate)
        {
            Forget();
        }
    }

    private void Forget()
    {
        _active--;
        _changes++;
    }

    /// <summary>The heap as a measurement began.</summary>
    internal readonly record struct Reading(long Changes, bool IsAlone, long? InUse);
}
