using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansDL.Blobs;

/// <summary>512 KiB of memory that never moves and begins where a disk can take it from without a copy. Disposing it gives it back for the next one.</summary>
internal sealed class AlignedBuffer : IDisposable
{
    public const int Size = 512 * 1024;

    /// <summary>What addresses, lengths and places in a file must be multiples of.</summary>
    public const int Block = 4096;

    private const int Kept = 16;
    private static readonly ConcurrentBag<Memory<byte>> Free = [];
    private bool _disposed;

    private AlignedBuffer(Memory<byte> memory) => Memory = memory;

    public Memory<byte> Memory { get; }

    public Span<byte> Span => Memory.Span;

    public static AlignedBuffer Rent() => new(Free.TryTake(out var memory) ? memory : Allocate());

    public static unsafe bool IsAligned(ReadOnlySpan<byte> bytes) => (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)) % Block == 0;

    public void Dispose()
    {
        if (!_disposed && Free.Count < Kept)
        {
            Free.Add(Memory);
        }

        _disposed = true;
    }

    private static unsafe Memory<byte> Allocate()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Size + Block, pinned: true);
        var address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes));
        return bytes.AsMemory((int)((Block - (address % Block)) % Block), Size);
    }
}
