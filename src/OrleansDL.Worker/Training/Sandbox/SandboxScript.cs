using System.Globalization;
using System.Text;

namespace OrleansDL.Training.Sandbox;

/// <summary>The few lines by which a shell inside the sandbox becomes the program. They come to it as its input: what is secret stands in
/// no file and on no command line, and no variable of the user's reaches a process outside.</summary>
internal static class SandboxScript
{
    private const double HeapShare = 0.75;

    public static string Build(SandboxPlan plan, SandboxPaths paths)
    {
        var script = new StringBuilder();
        foreach (var (name, value) in Variables(plan, paths))
        {
            script.Append("export ").Append(name).Append('=').Append(Quote(value)).Append('\n');
        }

        return script.Append("exec \"$@\" </dev/null\n").ToString();
    }

    /// <summary>The command: the user's own, or the runner that loads the plug-in.</summary>
    public static IReadOnlyList<string> Command(SandboxPlan plan, SandboxPaths paths) =>
        plan.Code.Command ?? [RunnerLaunch.DotnetPath(), Path.Combine(paths.Runner, Path.GetFileName(RunnerLaunch.BuiltIn))];

    private static Dictionary<string, string> Variables(SandboxPlan plan, SandboxPaths paths)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
            ["HOME"] = paths.Temporary,
            ["TMPDIR"] = paths.Temporary,
            ["LANG"] = "C.UTF-8",
            ["PYTHONPATH"] = paths.Code,
            ["PYTHONUNBUFFERED"] = "1",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
            ["OMP_NUM_THREADS"] = Invariant(plan.Threads),
            ["OMP_WAIT_POLICY"] = "passive",
            ["MALLOC_MMAP_THRESHOLD_"] = "1048576",
            ["MALLOC_TRIM_THRESHOLD_"] = "134217728",
            ["ORT_DISABLE_TELEMETRY"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",

            // The runner asks itself for its stacks when it hangs; nobody outside reaches the port, which lies in the sandbox's own /tmp.
            ["DOTNET_EnableDiagnostics_Debugger"] = "0",
            ["DOTNET_EnableDiagnostics_Profiler"] = "0",
            ["DOTNET_gcServer"] = "0",

            // It would map a file in memory larger than the greatest file allowed.
            ["DOTNET_EnableWriteXorExecute"] = "0",
            ["DOTNET_GCHeapHardLimit"] = ((long)(plan.Limits.MemoryBytes * HeapShare)).ToString("x", CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in (plan.Code.Environment ?? new Dictionary<string, string>()).Concat(plan.Secrets))
        {
            variables[name] = value;
        }

        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["ODL_RUN"] = plan.Run.ToString(),
            ["ODL_ATTEMPT"] = Invariant(plan.Attempt),
            ["ODL_RANK"] = "0",
            ["ODL_WORLD_SIZE"] = "1",
            ["ODL_SPEC"] = paths.Spec,
            ["ODL_CODE_DIR"] = paths.Code,
            ["ODL_DATA_DIR"] = paths.Data,
            ["ODL_OUTPUT_DIR"] = paths.Output,
            ["ODL_CHECKPOINT_DIR"] = paths.Checkpoints,
            ["ODL_DEVICE"] = plan.Device,
            ["ODL_SOCKET"] = paths.Socket,
        })
        {
            variables[name] = value;
        }

        return variables;
    }

    private static string Quote(string value) => "'" + value.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private static string Invariant(int value) => value.ToString(CultureInfo.InvariantCulture);
}
