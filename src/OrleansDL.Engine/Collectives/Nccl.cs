using System.Runtime.InteropServices;

namespace OrleansDL.Collectives;

/// <summary>NVIDIA's collectives, as far as they are needed: NCCL's C interface, looked up when it is first called.</summary>
internal static unsafe partial class Nccl
{
    public const int UniqueIdBytes = 128;

    private const string Library = "libnccl.so.2";
    private const int Float32 = 7;
    private const int SumOperation = 0;

    /// <summary>Whether this machine has it.</summary>
    public static bool IsThere { get; } = NativeLibrary.TryLoad(Library, out _);

    /// <summary>What the ranks of a new communicator know each other by; rank 0 makes it, all others are given it.</summary>
    public static byte[] NewUniqueId()
    {
        UniqueId id;
        Check(GetUniqueId(&id), "ncclGetUniqueId");
        return new ReadOnlySpan<byte>(&id, UniqueIdBytes).ToArray();
    }

    /// <summary>Joins a communicator on the device that is current; waits until all ranks have.</summary>
    public static nint Join(byte[] id, int rank, int size)
    {
        nint communicator;
        Check(CommInitRank(&communicator, size, MemoryMarshal.Read<UniqueId>(id), rank), "ncclCommInitRank");
        return communicator;
    }

    /// <summary>Puts the sum of all ranks' floats in their place, in order with the default stream's other work.</summary>
    public static void Sum(nint communicator, void* values, long count) =>
        Check(AllReduce(values, values, (nuint)count, Float32, SumOperation, communicator, 0), "ncclAllReduce");

    /// <summary>Ends whatever the communicator waits for. From any thread.</summary>
    public static void Abort(nint communicator) => _ = CommAbort(communicator);

    /// <summary>Leaves in order.</summary>
    public static void Leave(nint communicator) => _ = CommDestroy(communicator);

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new GroupLostException($"{call} failed: {Marshal.PtrToStringUTF8(GetErrorString(result))}. NCCL_DEBUG=INFO in the worker's environment makes it tell more.");
        }
    }

    [LibraryImport(Library, EntryPoint = "ncclGetUniqueId")]
    private static partial int GetUniqueId(UniqueId* id);

    [LibraryImport(Library, EntryPoint = "ncclCommInitRank")]
    private static partial int CommInitRank(nint* communicator, int size, UniqueId id, int rank);

    [LibraryImport(Library, EntryPoint = "ncclAllReduce")]
    private static partial int AllReduce(void* send, void* receive, nuint count, int type, int operation, nint communicator, nint stream);

    [LibraryImport(Library, EntryPoint = "ncclCommAbort")]
    private static partial int CommAbort(nint communicator);

    [LibraryImport(Library, EntryPoint = "ncclCommDestroy")]
    private static partial int CommDestroy(nint communicator);

    [LibraryImport(Library, EntryPoint = "ncclGetErrorString")]
    private static partial nint GetErrorString(int result);

    [StructLayout(LayoutKind.Sequential)]
    private struct UniqueId
    {
        public fixed byte Bytes[UniqueIdBytes];
    }
}
