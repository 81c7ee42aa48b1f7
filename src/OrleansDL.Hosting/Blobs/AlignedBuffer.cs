using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansDL.Blobs;

/// <summary>Memory that never moves and begins where a disk can take it from without a copy. Disposing it gives it back for the next one.</summary>
internal sealed class AlignedBuffer : IDisposable
{
    /// <summary>What most want: 512 KiB.</summary>
    public const int Size = 512 * 1024;

    /// <summary>What addresses, lengths and places in a file must be multiples of.</summary>
    public const int Block = 4096;

    // So many bytes of a size are kept.
    private const int Kept = 16 << 20;
    private static readonly ConcurrentDictionary<int, ConcurrentBag<Memory<byte>>> Free = [];
    private bool _disposed;

    private AlignedBuffer(Memory<byte> memory) => Memory = memory;

    public Memory<byte> Memory { get; }

    public Span<byte> Span => Memory.Span;

    /// <param name="size">Bytes; few sizes are in use, each with buffers of its own.</param>
    public static AlignedBuffer Rent(int size = Size) => new(Of(size).TryTake(out var memory) ? memory : Allocate(size));

    public static unsafe bool IsAligned(ReadOnlySpan<byte> bytes) => (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)) % Block == 0;

    public void Dispose()
    {
        if (!_disposed && Of(Memory.Length) is var free && (long)free.Count * Memory.Length < Kept)
        {
            free.Add(Memory);
        }

        _disposed = true;
    }

    private static ConcurrentBag<Memory<byte>> Of(int size) => Free.GetOrAdd(size, _ => []);

    private static unsafe Memory<byte> Allocate(int size)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(size + Block, pinned: true);
        var address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes));
        return bytes.AsMemory((int)((Block - (address % Block)) % Block), size);
    }
}
