using System.Runtime.InteropServices;

namespace OrleansDL.Native;

/// <summary>The C library's <c>mallinfo2</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct HeapInfo
{
    public readonly nuint Arena;
    public readonly nuint FreeChunks;
    public readonly nuint FastChunks;
    public readonly nuint MappedRegions;

    /// <summary>Bytes of blocks that are mapped by themselves.</summary>
    public readonly nuint Mapped;
    public readonly nuint Unused;
    public readonly nuint FastBytes;

    /// <summary>Bytes of blocks in use on the heap.</summary>
    public readonly nuint InUse;
    public readonly nuint Free;
    public readonly nuint Trimmable;
}
