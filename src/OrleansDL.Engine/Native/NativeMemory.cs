using System.Runtime.InteropServices;

namespace OrleansDL.Native;

/// <summary>The C library's heap, which ONNX Runtime lives in: what of it is in use, and giving the rest back to the system.</summary>
/// <remarks>GNU's C library counts; with another one nothing is known, and callers go by what the runtime itself counts.</remarks>
public static class NativeMemory
{
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;

    // What is larger is mapped by itself and leaves the process when it is freed. Left alone the library moves this up to 32 MiB.
    private const int MappedFrom = 128 * 1024;

    private static readonly Lazy<bool> Counts = new(() => NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "mallinfo2", out _));

    /// <summary>Bytes allocated and not freed, of all threads; null where the C library does not say.</summary>
    public static long? InUse()
    {
        if (!Counts.Value)
        {
            return null;
        }

        var heap = CLibrary.HeapInfo();
        return (long)(heap.InUse + heap.Mapped);
    }

    /// <summary>Has large blocks leave the process when they are freed. Call it before models are loaded.</summary>
    public static void ReturnFreedBlocks()
    {
        if (Counts.Value)
        {
            _ = CLibrary.SetHeapOption(MapThreshold, MappedFrom);
            _ = CLibrary.SetHeapOption(TrimThreshold, MappedFrom);
        }
    }

    /// <summary>Gives free pages between the blocks in use back to the system. It takes milliseconds.</summary>
    public static void Trim()
    {
        if (Counts.Value)
        {
            _ = CLibrary.TrimHeap(0);
        }
    }
}
