using System.Runtime.InteropServices;

namespace OrleansDL.Training;

/// <summary>Signals to processes of ours: .NET itself only knows SIGKILL.</summary>
internal static partial class Signals
{
    private const int User = 10;
    private const int Terminate = 15;

    /// <summary>Sends SIGTERM; false when the process is gone.</summary>
    public static bool SendTerminate(int pid) => Kill(pid, Terminate) == 0;

    /// <summary>Sends SIGUSR1; false when the process is gone.</summary>
    public static bool SendUser(int pid) => Kill(pid, User) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
