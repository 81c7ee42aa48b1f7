using System.Runtime.InteropServices;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>How a training program is started: its contract's environment, in one place.</summary>
internal sealed record RunnerLaunch
{
    public required Guid Run { get; init; }
    public required int Attempt { get; init; }
    public required AttemptFolder Folder { get; init; }

    /// <summary>Path of the Unix socket it speaks to.</summary>
    public required string Socket { get; init; }
    public required string Device { get; init; }
    public required int Threads { get; init; }

    /// <summary>Place among the processes that train the run together, from 0.</summary>
    public int Rank { get; init; }

    /// <summary>Number of those processes.</summary>
    public int WorldSize { get; init; } = 1;

    /// <summary>Name or address under which those on other machines reach this one; null: all are on this machine.</summary>
    public string? Advertise { get; init; }

    /// <summary>The built-in trainers, beside the worker's own assemblies; or any other program under the contract.</summary>
    public required string Program { get; init; }

    /// <summary>How user code is started; null: the program itself, with <see cref="Environment"/>.</summary>
    public CodeSandbox? Sandbox { get; init; }

    public static string BuiltIn { get; } = Path.Combine(AppContext.BaseDirectory, "runner", "OrleansDL.Runner.dll");

    /// <summary>What the process finds in its environment besides what it inherits: the contract (<c>ODL_...</c>) and <see cref="ProcessEnvironment"/>.</summary>
    public IReadOnlyDictionary<string, string> Environment() => new Dictionary<string, string>(ProcessEnvironment(Threads))
    {
        ["ODL_RUN"] = Run.ToString(),
        ["ODL_ATTEMPT"] = Invariant(Attempt),
        ["ODL_RANK"] = Invariant(Rank),
        ["ODL_WORLD_SIZE"] = Invariant(WorldSize),
        ["ODL_ADVERTISE"] = Advertise ?? "",
        ["ODL_SPEC"] = Folder.Spec,
        ["ODL_DATA_DIR"] = Folder.Data,
        ["ODL_OUTPUT_DIR"] = Folder.Output,
        ["ODL_CHECKPOINT_DIR"] = Folder.Checkpoints,
        ["ODL_DEVICE"] = Device,
        ["ODL_SOCKET"] = Socket,
    };

    /// <summary>What libraries read when the process starts, and never again.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment(int threads) => new Dictionary<string, string>
    {
        // Spinning OpenMP threads on shared cores cost most of the throughput, and libgomp reads this only at start.
        ["OMP_NUM_THREADS"] = Invariant(threads),
        ["OMP_WAIT_POLICY"] = "passive",

        // Tensors come and go by the megabyte: without these the process keeps what it has freed.
        ["MALLOC_MMAP_THRESHOLD_"] = "1048576",
        ["MALLOC_TRIM_THRESHOLD_"] = "134217728",
        ["ORT_DISABLE_TELEMETRY"] = "1",
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_TieredPGO"] = "1",
    };

    /// <summary>The host this process itself runs under, whether it was started by it or by an executable of its own.</summary>
    public static string DotnetPath()
    {
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        if (File.Exists(beside))
        {
            return beside;
        }

        // A process in a sandbox, or started like one, does not inherit the folders that are searched.
        var found = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "dotnet")).FirstOrDefault(File.Exists);
        return found is null ? "dotnet" : File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? found;
    }

    private static string Invariant(int value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
