using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Server on one core, caller on the other: what one needs is not taken from the other.</summary>
internal static partial class Cores
{
    public const int Server = 0;
    public const int Caller = 1;

    /// <summary>Keeps every thread of this process, and what they start from now on, on the caller's core.</summary>
    public static void TakeCallers()
    {
        foreach (var task in Directory.GetDirectories("/proc/self/task"))
        {
            Pin(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), Caller);
        }
    }

    /// <summary>Does something on a thread of its own that stays on a core; processes it starts stay there too, and threads, until <see cref="TakeCallers"/>.</summary>
    public static Task<T> OnAsync<T>(int core, Func<T> act)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Pin(0, core);
                var result = act();

                // A thread that the pool begins for the continuation stays where this one is.
                Pin(0, Caller);
                done.SetResult(result);
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        })
        { IsBackground = true };
        thread.Start();
        return done.Task;
    }

    /// <param name="thread">Its number in the system; 0: the calling one.</param>
    /// <param name="core">Counted from 0.</param>
    private static void Pin(int thread, int core)
    {
        var mask = 1UL << core;

        // A thread that has ended meanwhile (ESRCH) needs no core.
        if (SetAffinity(thread, sizeof(ulong), in mask) != 0 && Marshal.GetLastPInvokeError() != 3)
        {
            throw new InvalidOperationException($"Core {core} cannot be had: error {Marshal.GetLastPInvokeError()}. These benchmarks need two.");
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint bytes, in ulong mask);
}
