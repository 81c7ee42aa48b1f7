using System.Runtime.InteropServices;

namespace OrleansDL.Runner;

/// <summary>Ends this process at once when the one that started it dies, however it dies.</summary>
/// <remarks>
/// Not PR_SET_PDEATHSIG: the kernel sends that signal when the parent's *thread* ends, and a .NET launcher starts processes from pool
/// threads that come and go. A pidfd becomes readable when the process ends.
/// </remarks>
internal static partial class ParentWatch
{
    private const int PidfdOpen = 434;
    private const short PollIn = 1;
    private const int PollMilliseconds = 200;

    public static void Start()
    {
        var parent = ParentId();
        var descriptor = (int)SystemCall(PidfdOpen, parent, 0);
        new Thread(() => Watch(parent, descriptor)) { IsBackground = true, Name = "parent watch" }.Start();
    }

    private static void Watch(int parent, int descriptor)
    {
        var poll = new PollDescriptor { Descriptor = descriptor, Events = PollIn };

        // Without pidfd (an old or emulated kernel) poll only sleeps, and the parent's id tells.
        while (ParentId() == parent && Poll(ref poll, descriptor < 0 ? 0u : 1u, descriptor < 0 ? PollMilliseconds : -1) <= 0)
        {
        }

        Die("The process that started this one has ended.");
    }

    /// <summary>Leaves without running anything further: nobody is there to hear it.</summary>
    public static void Die(string reason)
    {
        Console.Error.WriteLine(reason);
        Exit(ExitCodes.TryAgain);
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, long process, long flags);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollDescriptor descriptors, ulong count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
