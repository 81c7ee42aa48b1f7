using System.Diagnostics;

namespace OrleansDL.Training.Sandbox;

/// <summary>Starts a process from a thread that lasts as long as it does. The kernel takes the end of the thread that started it for the
/// end of its parent, and bubblewrap ends with its parent: threads of the pool come and go.</summary>
internal static class LastingThread
{
    public static Process Start(ProcessStartInfo start)
    {
        using var started = new ManualResetEventSlim();
        Process? process = null;
        Exception? failure = null;
        new Thread(() =>
        {
            Process? mine = null;
            try
            {
                process = mine = Process.Start(start);
            }
            catch (Exception e)
            {
                failure = e;
            }

            var pid = mine?.Id ?? 0;
            started.Set();
            try
            {
                using var watched = Process.GetProcessById(pid);
                watched.WaitForExit();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended already.
            }
        })
        { IsBackground = true, Name = "user code" }.Start();
        started.Wait();
        return process ?? throw new InvalidOperationException($"'{start.FileName}' did not start: {failure?.Message}", failure);
    }
}
