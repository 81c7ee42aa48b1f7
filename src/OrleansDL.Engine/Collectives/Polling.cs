using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OrleansDL.Collectives;

/// <summary>Waits until one of two sockets can be read or written. <c>Socket.Select</c> makes lists for every call; this makes nothing.</summary>
internal static unsafe partial class Polling
{
    private const short In = 1;
    private const short Out = 4;

    /// <summary>Waits until one can be read, or the other written; null: it is not waited for.</summary>
    public static void Wait(Socket? reads, Socket? writes) => Wait(reads, In, writes, Out, -1);

    /// <summary>Waits until one of them can be read, or the time is over.</summary>
    public static void WaitToRead(Socket? first, Socket? second, TimeSpan limit) => Wait(first, In, second, In, (int)limit.TotalMilliseconds);

    // A signal that interrupts it only makes the caller look once more.
    private static void Wait(Socket? first, short firstEvents, Socket? second, short secondEvents, int milliseconds)
    {
        var sockets = stackalloc Descriptor[2];
        sockets[0] = new Descriptor { Handle = (int)(first?.Handle ?? -1), Events = firstEvents };
        sockets[1] = new Descriptor { Handle = (int)(second?.Handle ?? -1), Events = secondEvents };
        _ = Poll(sockets, 2, milliseconds);
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(Descriptor* descriptors, ulong count, int milliseconds);

    /// <summary><c>struct pollfd</c>; a negative handle is passed over.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Descriptor
    {
        public int Handle;
        public short Events;
        public short Returned;
    }
}
