using System.Globalization;

namespace OrleansDL.Training;

/// <summary>What the threads of a process and of its children do, as the kernel sees them: of a process that hangs there is nobody else to ask.</summary>
/// <remarks>
/// <c>/proc/PID/task</c> names each thread, its state, the kernel function it sleeps in and the system call it made; the kernel's stack is
/// there for root alone. It needs no tool and no help of the process, which may hold any lock.
/// </remarks>
internal static class ThreadDump
{
    private const int MaximumThreads = 200;
    private const int MaximumStack = 2000;

    public static IReadOnlyList<string> Of(int pid)
    {
        var lines = new List<string>();
        foreach (var process in Tree(pid))
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"Process {process}: {Read(process, "cmdline").Replace('\0', ' ').Trim()}"));
            foreach (var thread in Threads(process))
            {
                if (lines.Count > MaximumThreads)
                {
                    lines.Add("... and more threads.");
                    return lines;
                }

                var status = Read(process, $"task/{thread}/status").Split('\n');
                lines.Add(string.Join("; ", new[]
                {
                    $"  thread {thread} '{Read(process, $"task/{thread}/comm").Trim()}'",
                    Value(status, "State"),
                    "sleeps in " + Or(Read(process, $"task/{thread}/wchan").Trim('0', '\n', ' '), "nothing"),
                    "system call " + Or(Read(process, $"task/{thread}/syscall").Split(' ', '\n')[0], "unknown"),
                    "switches " + Value(status, "voluntary_ctxt_switches"),
                }));
                var stack = Read(process, $"task/{thread}/stack").Trim();
                if (stack.Length > 0)
                {
                    lines.AddRange(stack[..Math.Min(stack.Length, MaximumStack)].Split('\n').Select(frame => "    " + frame));
                }
            }
        }

        return lines;
    }

    private static IEnumerable<int> Tree(int pid)
    {
        var waiting = new Queue<int>([pid]);
        while (waiting.TryDequeue(out var next))
        {
            yield return next;
            foreach (var thread in Threads(next))
            {
                foreach (var child in Read(next, $"task/{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (int.TryParse(child, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                    {
                        waiting.Enqueue(id);
                    }
                }
            }
        }
    }

    private static List<string> Threads(int pid)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{pid}/task").Select(path => Path.GetFileName(path)!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Value(string[] status, string name) =>
        Array.Find(status, line => line.StartsWith(name + ":", StringComparison.Ordinal)) is { } line ? line[(name.Length + 1)..].Trim() : "unknown";

    private static string Or(string text, string other) => text.Length == 0 ? other : text;
}
