using System.Diagnostics;
using System.Globalization;

namespace OrleansDL.Training.Sandbox;

/// <summary>A group of processes that the kernel counts together and holds to limits. It ends with all that is in it.</summary>
internal sealed class Cgroup : IAsyncDisposable
{
    private const int PeriodMicroseconds = 100_000;
    private const int RemoveTries = 300;
    private static readonly TimeSpan RemovePause = TimeSpan.FromMilliseconds(10);

    private readonly int _version;
    private readonly IReadOnlyDictionary<string, string> _folders;
    private readonly TimeProvider _time;

    /// <param name="version">2 or 1.</param>
    /// <param name="folders">The group's folder for each controller (<c>memory</c>, <c>pids</c>, <c>cpu</c>); the same one in version 2.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="cpus">Cores' worth of processor time.</param>
    /// <param name="time">Times the wait for its processes to be gone.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public Cgroup(int version, IReadOnlyDictionary<string, string> folders, CodeLimits limits, double cpus, TimeProvider time)
    {
        _version = version;
        _folders = folders;
        _time = time;
        try
        {
            foreach (var folder in Folders)
            {
                Directory.CreateDirectory(folder);
            }

            Limit(limits, Math.Max(cpus, 0.01));
        }
        catch
        {
            foreach (var folder in Folders.Where(Directory.Exists))
            {
                Directory.Delete(folder);
            }

            throw;
        }
    }

    /// <summary>Files to write a process's number into (0: the writer's own), so that it and all it starts are in the group.</summary>
    public IReadOnlyList<string> Doors => [.. Folders.Select(folder => Path.Combine(folder, "cgroup.procs"))];

    /// <summary>Whether the kernel ended a process of the group for want of memory.</summary>
    public bool RanOutOfMemory
    {
        get
        {
            try
            {
                return File.ReadAllLines(Path.Combine(_folders["memory"], _version == 2 ? "memory.events" : "memory.oom_control"))
                    .Any(line => line.StartsWith("oom_kill ", StringComparison.Ordinal) && line != "oom_kill 0");
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    private IEnumerable<string> Folders => _folders.Values.Distinct();

    /// <summary>Ends every process in the group, and the group.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var folder in Folders.Where(Directory.Exists))
        {
            // What was killed is gone a moment later, and only then does the kernel let go of the folder.
            for (var i = 0; i < RemoveTries && !TryRemove(folder); i++)
            {
                Kill(folder);
                await Task.Delay(RemovePause, _time);
            }
        }
    }

    /// <summary>Removes a group that holds no process.</summary>
    public static bool TryRemove(string folder)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (IOException)
        {
            return !Directory.Exists(folder);
        }
    }

    private void Limit(CodeLimits limits, double cpus)
    {
        var quota = (long)(cpus * PeriodMicroseconds);
        if (_version == 2)
        {
            Write("memory", "memory.max", limits.MemoryBytes);
            WriteIfThere("memory", "memory.swap.max", 0);
            WriteIfThere("memory", "memory.oom.group", 1);
            WriteIfThere("cpu", "cpu.max", string.Create(CultureInfo.InvariantCulture, $"{quota} {PeriodMicroseconds}"));
        }
        else
        {
            Write("memory", "memory.limit_in_bytes", limits.MemoryBytes);
            WriteIfThere("memory", "memory.memsw.limit_in_bytes", limits.MemoryBytes);
            WriteIfThere("cpu", "cpu.cfs_period_us", PeriodMicroseconds);
            WriteIfThere("cpu", "cpu.cfs_quota_us", quota);
        }

        // The sandbox itself takes three: its own process, the one that waits in it, and the shell that becomes the program.
        Write("pids", "pids.max", limits.Processes + 3);
    }

    private void Write(string controller, string file, long value) =>
        File.WriteAllText(Path.Combine(_folders[controller], file), value.ToString(CultureInfo.InvariantCulture));

    private void WriteIfThere(string controller, string file, long value) => WriteIfThere(controller, file, value.ToString(CultureInfo.InvariantCulture));

    private void WriteIfThere(string controller, string file, string value)
    {
        if (_folders.TryGetValue(controller, out var folder) && File.Exists(Path.Combine(folder, file)))
        {
            File.WriteAllText(Path.Combine(folder, file), value);
        }
    }

    private static void Kill(string folder)
    {
        try
        {
            var kill = Path.Combine(folder, "cgroup.kill");
            if (File.Exists(kill))
            {
                File.WriteAllText(kill, "1");
                return;
            }

            foreach (var line in File.ReadAllLines(Path.Combine(folder, "cgroup.procs")))
            {
                using var process = Process.GetProcessById(int.Parse(line, CultureInfo.InvariantCulture));
                process.Kill();
            }
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
        }
    }
}
