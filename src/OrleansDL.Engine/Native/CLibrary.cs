using System.Runtime.InteropServices;

namespace OrleansDL.Native;

internal static partial class CLibrary
{
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetEnvironmentVariable(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    public static partial HeapInfo HeapInfo();

    [LibraryImport("libc", EntryPoint = "mallopt")]
    public static partial int SetHeapOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    public static partial int TrimHeap(nuint pad);
}
