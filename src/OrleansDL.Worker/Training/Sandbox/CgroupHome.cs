namespace OrleansDL.Training.Sandbox;

/// <summary>The place in the kernel's tree of control groups below which this worker may make groups: version 2 if it can, else version 1.</summary>
internal sealed class CgroupHome
{
    private const string Room = "odl-worker";
    private const int RoomTries = 10;
    private static readonly TimeSpan LeftAfter = TimeSpan.FromMinutes(1);
    private static readonly string[] Needed = ["memory", "pids"];
    private readonly IReadOnlyDictionary<string, string> _folders;

    private CgroupHome(int version, IReadOnlyDictionary<string, string> folders)
    {
        Version = version;
        _folders = folders;
    }

    /// <summary>2 or 1.</summary>
    public int Version { get; }

    /// <summary>Whether the processor is shared out too.</summary>
    public bool HasProcessor => _folders.ContainsKey("cpu");

    /// <summary>Finds a place by making a group there and removing it again; null when there is none.</summary>
    /// <param name="mounts">What <c>/proc/self/mountinfo</c> says.</param>
    /// <param name="own">What <c>/proc/self/cgroup</c> says.</param>
    /// <param name="time">The time.</param>
    public static async Task<CgroupHome?> FindAsync(string mounts, string own, TimeProvider time)
    {
        foreach (var candidate in Candidates(mounts, own))
        {
            if (await candidate.WorksAsync(time))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>A group of its own for one attempt.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public Cgroup Create(string name, CodeLimits limits, double cpus, TimeProvider time) =>
        new(Version, _folders.ToDictionary(folder => folder.Key, folder => Path.Combine(folder.Value, name)), limits, cpus, time);

    /// <summary>Removes the groups that a worker which died left behind and that hold no process any more.</summary>
    public void RemoveEmpty(DateTimeOffset now)
    {
        // A young one may be another worker's, made and not entered yet.
        foreach (var folder in _folders.Values.Distinct().SelectMany(folder => Directory.EnumerateDirectories(folder, "odl-*"))
            .Where(folder => now - Directory.GetCreationTimeUtc(folder) > LeftAfter))
        {
            Cgroup.TryRemove(folder);
        }
    }

    private static IEnumerable<CgroupHome> Candidates(string mounts, string own)
    {
        var mine = own.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':', 3))
            .SelectMany(parts => parts[1].Split(',').Select(controller => (controller, parts[2])))
            .ToDictionary(entry => entry.controller, entry => entry.Item2);
        var mounted = mounts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Mount).OfType<(string Root, string At, string Kind, string[] Options)>().ToList();

        foreach (var (root, at, _, _) in mounted.Where(mount => mount.Kind == "cgroup2"))
        {
            // A group that holds processes cannot share out to groups below it, so the parent may have to.
            var place = Place(root, at, mine.GetValueOrDefault("", "/"));
            for (var folder = place; folder.StartsWith(at, StringComparison.Ordinal); folder = Path.GetDirectoryName(folder) ?? "/")
            {
                var controllers = Enabled(folder);
                if (Needed.All(controllers.Contains))
                {
                    yield return new CgroupHome(2, controllers.ToDictionary(controller => controller, _ => folder));
                }
            }

            // Nothing above it is ours to ask: a container sees no more than its own group, and a service of another user than root may have been given its own.
            if (MakeRoom(place) && Enabled(place) is var shared && Needed.All(shared.Contains))
            {
                yield return new CgroupHome(2, shared.ToDictionary(controller => controller, _ => place));
            }
        }

        var folders = new Dictionary<string, string>();
        foreach (var (root, at, _, options) in mounted.Where(mount => mount.Kind == "cgroup"))
        {
            foreach (var controller in options.Where(option => option is "memory" or "pids" or "cpu" && mine.ContainsKey(option)))
            {
                folders[controller] = Place(root, at, mine[controller]);
            }
        }

        if (Needed.All(folders.ContainsKey))
        {
            yield return new CgroupHome(1, folders);
            folders.Remove("cpu");
            yield return new CgroupHome(1, folders);
        }
    }

    private static (string Root, string At, string Kind, string[] Options)? Mount(string line)
    {
        // 36 35 98:0 /root /mount/point rw,noatime master:1 - kind source options
        var parts = line.Split(' ');
        var dash = Array.IndexOf(parts, "-");
        return dash < 5 || parts.Length < dash + 4 ? null : (parts[3], parts[4], parts[dash + 1], parts[dash + 3].Split(','));
    }

    /// <summary>Where our own group lies below a mount, which may show only a part of the tree.</summary>
    private static string Place(string root, string at, string own)
    {
        var within = root == "/" ? own : own.StartsWith(root, StringComparison.Ordinal) ? own[root.Length..] : "/";
        return Path.Combine(at, within.TrimStart('/')).TrimEnd('/');
    }

    /// <summary>What a group of version 2 shares out to the groups below it, after it was asked to.</summary>
    private static string[] Enabled(string folder)
    {
        try
        {
            var control = Path.Combine(folder, "cgroup.subtree_control");
            var has = File.ReadAllText(Path.Combine(folder, "cgroup.controllers")).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            var asked = has.Intersect(["memory", "pids", "cpu"]).Except(File.ReadAllText(control).Split((char[])[' ', '\n'])).ToList();
            if (asked.Count > 0)
            {
                File.WriteAllText(control, string.Join(' ', asked.Select(controller => "+" + controller)));
            }

            return [.. File.ReadAllText(control).Split((char[])[' ', '\n']).Intersect(["memory", "pids", "cpu"])];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Moves the processes of a group into a group below it, so that it may share out. Whether none is left in it.</summary>
    private static bool MakeRoom(string folder)
    {
        var room = Path.Combine(folder, Room);
        try
        {
            if (!Needed.All(File.ReadAllText(Path.Combine(folder, "cgroup.controllers")).Split((char[])[' ', '\n']).Contains))
            {
                return false;
            }

            Directory.CreateDirectory(room);
            for (var i = 0; i < RoomTries; i++)
            {
                // Those that are started meanwhile are met the next time.
                var processes = File.ReadAllLines(Path.Combine(folder, "cgroup.procs"));
                if (processes.Length == 0)
                {
                    return true;
                }

                foreach (var process in processes)
                {
                    TryMove(process, room);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is not ours.
        }

        Cgroup.TryRemove(room);
        return false;
    }

    private static void TryMove(string process, string group)
    {
        try
        {
            File.WriteAllText(Path.Combine(group, "cgroup.procs"), process);
        }
        catch (IOException)
        {
            // It has ended.
        }
    }

    private async Task<bool> WorksAsync(TimeProvider time)
    {
        try
        {
            await using var probe = Create($"odl-probe-{Environment.ProcessId}", new CodeLimits(), cpus: 1, time);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
