using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansDL.Tests.Harness;

/// <summary>Signals to processes by pid, as a shell's kill sends them.</summary>
internal static partial class Signals
{
    private const int NoSuchProcess = 3;

    public static void Kill(int pid) => Send(pid, 9);

    public static void Terminate(int pid) => Send(pid, 15);

    public static void Interrupt(int pid) => Send(pid, 2);

    public static bool IsAlive(int pid) => Native(pid, 0) == 0;

    private static void Send(int pid, int signal)
    {
        if (pid <= 1)
        {
            throw new ArgumentOutOfRangeException(nameof(pid), pid, "Only a process of the test's own is signalled.");
        }

        if (Native(pid, signal) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and var error)
        {
            throw new Win32Exception(error);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Native(int pid, int signal);
}
