using System.Globalization;

namespace OrleansDL.Training.Sandbox;

/// <summary>Measures what user code takes, five times a second, where the kernel holds it to no limit: its folders, and without a control group its memory.</summary>
internal sealed class SandboxWatch
{
    /// <summary>Files and folders it may make.</summary>
    public const int MaximumFiles = 100_000;

    private const int EntryBytes = 4096;
    private const int MaximumDepth = 64;
    private const int MaximumPath = 3000;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly CodeLimits _limits;
    private readonly IReadOnlyList<string> _folders;
    private readonly IReadOnlyList<string> _insideFolders;
    private readonly Cgroup? _group;
    private readonly TimeProvider _time;

    /// <param name="limits">What it may use.</param>
    /// <param name="folders">The folders it writes to.</param>
    /// <param name="insideFolders">Their names as the program sees them.</param>
    /// <param name="group">Its control group; null: memory is measured here.</param>
    /// <param name="time">The time.</param>
    public SandboxWatch(CodeLimits limits, IReadOnlyList<string> folders, IReadOnlyList<string> insideFolders, Cgroup? group, TimeProvider time)
    {
        _limits = limits;
        _folders = folders;
        _insideFolders = insideFolders;
        _group = group;
        _time = time;
    }

    /// <summary>Looks until a limit is broken or it is told to end.</summary>
    /// <param name="pid">The process below which the code runs.</param>
    /// <param name="over">Ends the watch.</param>
    /// <returns>What was broken; null when nothing was.</returns>
    public async Task<string?> RunAsync(int pid, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            if (Look(pid) is { } broken)
            {
                return broken;
            }

            await Task.Delay(Every, _time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    /// <summary>One look; null when all is within its limits.</summary>
    public string? Look(int pid)
    {
        var processes = ProcessTree.Of(pid);
        return LookAtDisk(processes) ?? LookAtMemory(processes);
    }

    private string? LookAtDisk(IReadOnlyList<int> processes)
    {
        var (bytes, entries) = (0L, 0);
        var folders = new Stack<(string Path, int Depth)>(_folders.Select(folder => (folder, 0)));
        while (folders.TryPop(out var folder))
        {
            // Beyond the longest path the kernel takes nothing could be measured.
            if (folder.Depth > MaximumDepth || folder.Path.Length > MaximumPath)
            {
                return $"It made folders more than {MaximumDepth} deep, or with a path of more than {MaximumPath} characters.";
            }

            if (Entries(folder.Path) is not { } paths)
            {
                return $"It closed the folder '{Path.GetFileName(folder.Path)}' to the worker, which measures what is in it.";
            }

            foreach (var path in paths)
            {
                if (FileFacts.Of(path) is not { } facts)
                {
                    continue;
                }

                bytes += Math.Max(facts.Bytes, 0) + EntryBytes;
                if (++entries > MaximumFiles)
                {
                    return $"It made more than {MaximumFiles} files in its output and checkpoint folders.";
                }

                if (facts.IsFolder)
                {
                    folders.Push((path, folder.Depth + 1));
                }
            }
        }

        // A file that was deleted while it is open takes room all the same.
        bytes += processes.SelectMany(Deleted).Where(file => !file.InMemory).DistinctBy(file => file.Facts.Inode).Sum(file => file.Facts.Bytes);
        return bytes > _limits.DiskBytes
            ? string.Create(CultureInfo.InvariantCulture, $"It kept {bytes} bytes in its output and checkpoint folders, more than its limit: code.limits.diskBytes is {_limits.DiskBytes}.")
            : null;
    }

    private string? LookAtMemory(IReadOnlyList<int> processes)
    {
        if (_group is not null)
        {
            // Version 1 ends one process of many, which a bomb does not mind.
            return _group.RanOutOfMemory ? TooMuchMemory(_limits) : null;
        }

        // First the cheap sum, which counts shared pages in every process; only when that is too much, the exact one.
        if (processes.Sum(pid => Kilobytes($"/proc/{pid}/status", "RssAnon:", "RssShmem:")) * 1024 <= _limits.MemoryBytes
            && processes.SelectMany(Deleted).Where(file => file.InMemory).DistinctBy(file => file.Facts.Inode).Sum(file => file.Facts.Bytes) <= _limits.MemoryBytes)
        {
            return null;
        }

        var bytes = (processes.Sum(pid => Kilobytes($"/proc/{pid}/smaps_rollup", "Pss_Anon:")) * 1024)
            + Math.Max(
                processes.Sum(pid => Kilobytes($"/proc/{pid}/smaps_rollup", "Pss_Shmem:")) * 1024,
                processes.SelectMany(Deleted).Where(file => file.InMemory).DistinctBy(file => file.Facts.Inode).Sum(file => file.Facts.Bytes));
        return bytes > _limits.MemoryBytes ? TooMuchMemory(_limits) : null;
    }

    /// <summary>What a run is told that went beyond its memory.</summary>
    public static string TooMuchMemory(CodeLimits limits) => string.Create(
        CultureInfo.InvariantCulture, $"It used more memory than its limit: code.limits.memoryBytes is {limits.MemoryBytes}. Give it more, or have it use less.");

    private static string[]? Entries(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (IOException)
        {
            // Removed while we look.
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long Kilobytes(string file, params ReadOnlySpan<string> names)
    {
        try
        {
            var sum = 0L;
            foreach (var line in File.ReadLines(file))
            {
                foreach (var name in names)
                {
                    if (line.StartsWith(name, StringComparison.Ordinal))
                    {
                        sum += long.Parse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
                    }
                }
            }

            return sum;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private IEnumerable<(FileFacts Facts, bool InMemory)> Deleted(int pid)
    {
        string[] descriptors;
        try
        {
            descriptors = Directory.GetFileSystemEntries($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }

        foreach (var descriptor in descriptors)
        {
            if (FileFacts.LinkOf(descriptor) is not { } name || !name.EndsWith(" (deleted)", StringComparison.Ordinal))
            {
                continue;
            }

            var inMemory = name.StartsWith("/memfd:", StringComparison.Ordinal);
            if ((inMemory || _insideFolders.Any(folder => name.StartsWith(folder + "/", StringComparison.Ordinal))) && FileFacts.Of(descriptor, follow: true) is { IsFile: true } facts)
            {
                yield return (facts, inMemory);
            }
        }
    }
}
