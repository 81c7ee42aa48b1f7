using System.Diagnostics;
using System.Globalization;

namespace OrleansDL.Training;

/// <summary>Tells a process from a later one that was given the same id.</summary>
internal sealed record ProcessMark(int Pid, long StartTime)
{
    /// <summary>When the process started, in clock ticks since boot; 0 when there is no such process.</summary>
    public static long StartTimeOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");

            // The name in parentheses may hold anything; the 22nd field counts from behind it.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public static ProcessMark? Parse(string text) =>
        text.Split(' ') is [var pid, var start]
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        && long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            ? new ProcessMark(id, time)
            : null;

    public bool IsAlive => StartTime != 0 && StartTimeOf(Pid) == StartTime;

    /// <summary>Ends the process and what it started, and returns when it is gone. One that ends by itself meanwhile is gone too.</summary>
    public void Kill()
    {
        try
        {
            using var process = Process.GetProcessById(Pid);
            if (IsAlive)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            // There is no such process (any more).
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartTime}");
}
