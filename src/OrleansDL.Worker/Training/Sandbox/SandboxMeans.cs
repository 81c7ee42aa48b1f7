namespace OrleansDL.Training.Sandbox;

/// <summary>What this worker has to keep user code apart.</summary>
/// <param name="Bubblewrap">The program that makes the sandbox; null: there is none.</param>
/// <param name="Cgroups">Where control groups can be made; null: nowhere.</param>
/// <param name="Unsafe">Whether user code runs without a sandbox.</param>
internal sealed record SandboxMeans(string? Bubblewrap, CgroupHome? Cgroups, bool Unsafe)
{
    /// <summary>What enforces each limit.</summary>
    public IReadOnlyDictionary<string, string> Limits()
    {
        var group = Cgroups is null ? null : $"cgroup v{Cgroups.Version}";
        return new Dictionary<string, string>
        {
            ["memory"] = group ?? "watched",

            // Without a user of its own a count of processes would hold the worker's too.
            ["processes"] = group ?? (Unsafe ? "none" : "prlimit"),
            ["files"] = "prlimit",
            ["disk"] = "watched",
            ["cpus"] = Cgroups is { HasProcessor: true } ? group! : "none",
        };
    }
}
