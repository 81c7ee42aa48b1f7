using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using OrleansDL.Native;

namespace OrleansDL.Training.Sandbox;

/// <summary>The command line that starts user code: into its control group, into a sandbox by bubblewrap, to a user without rights, under
/// limits per process, and last to the shell that becomes the program.</summary>
internal static class SandboxCommand
{
    private const long MaximumTemporary = 1L << 30;

    /// <summary>Joins the groups and opens the filter of system calls, as whoever the worker is; what follows the '--' takes its place.</summary>
    private const string Enter =
        """
        filter=$1; shift
        while [ "$1" != -- ]; do echo 0 > "$1" || exit 126; shift; done
        shift
        [ -z "$filter" ] || exec 9< "$filter"
        exec "$@"
        """;

    private static readonly string[] System = ["/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"];
    private static readonly string[] Settings =
    [
        "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/mime.types", "/etc/fonts",
        "/etc/python3", "/etc/python3.11", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
    ];

    /// <param name="means">What the worker has.</param>
    /// <param name="plan">The attempt. Its folders must be there.</param>
    /// <param name="group">Its control group, if any.</param>
    public static ProcessStartInfo Build(SandboxMeans means, SandboxPlan plan, Cgroup? group)
    {
        var boxed = means.Bubblewrap is not null && !means.Unsafe;
        var paths = boxed ? SandboxPaths.Inside : SandboxPaths.Outside(plan.Folder, plan.Data, plan.Socket);
        var start = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = boxed ? "/" : plan.Folder.Code,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        string[] command =
        [
            "-c", Enter, "odl-sandbox", boxed ? plan.Folder.Filter : "", .. group?.Doors ?? [], "--",
            .. boxed ? Box(means.Bubblewrap!, plan) : [],
            .. Limits(plan, boxed),
            "/bin/sh", "-s", "--", .. SandboxScript.Command(plan, paths),
        ];
        foreach (var argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private static List<string> Box(string bubblewrap, SandboxPlan plan)
    {
        var inside = SandboxPaths.Inside;
        var temporary = Invariant(Math.Min(MaximumTemporary, plan.Limits.MemoryBytes / 4));
        List<string> arguments =
        [
            bubblewrap,
            "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
            "--die-with-parent", "--new-session", "--hostname", "odl", "--seccomp", "9",
            "--ro-bind", "/usr", "/usr",
        ];

        // Root's own capabilities mount and change the user; a worker without them has a name space of users for that.
        arguments.AddRange(SandboxUser.IsRoot
            ? ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
            : ["--unshare-user", "--disable-userns", "--uid", Invariant(SandboxUser.Nobody), "--gid", Invariant(SandboxUser.Nobody)]);
        foreach (var path in System)
        {
            // Where /bin is /usr/bin, it is so in the sandbox.
            arguments.AddRange(FileFacts.LinkOf(path) is { } target ? ["--symlink", target, path] : ["--ro-bind-try", path, path]);
        }

        IReadOnlyList<string> shown = [.. Settings, .. Runtime(), .. plan.ReadOnly];
        foreach (var folder in shown.SelectMany(Above).Distinct().OrderBy(folder => folder.Length))
        {
            // bubblewrap would make it for root alone, and what lies in it would be out of reach. Its names are still nobody's business.
            arguments.AddRange(["--perms", "0711", "--dir", folder]);
        }

        foreach (var path in shown)
        {
            arguments.AddRange(["--ro-bind-try", path, path]);
        }

        arguments.AddRange(
        [
            "--ro-bind", plan.Folder.Users, "/etc/passwd",
            "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", temporary, "--tmpfs", "/dev/shm",
            .. Devices(plan.Device),
            "--perms", "1777", "--size", temporary, "--tmpfs", inside.Temporary,
            "--perms", "0755", "--dir", "/odl",
            "--ro-bind", plan.Folder.Code, inside.Code,
            "--ro-bind", plan.Data, inside.Data,
            "--ro-bind", plan.Folder.Spec, inside.Spec,
            "--ro-bind", Path.GetDirectoryName(RunnerLaunch.BuiltIn)!, inside.Runner,
            "--bind", plan.Folder.Output, inside.Output,
            "--bind", plan.Folder.Checkpoints, inside.Checkpoints,
            "--bind", plan.Socket, inside.Socket,
            "--remount-ro", "/dev", "--remount-ro", "/",
            "--chdir", inside.Code,
            "--",
        ]);
        return arguments;
    }

    /// <summary>The folders above one, but for those that are there already.</summary>
    private static IEnumerable<string> Above(string path)
    {
        for (var folder = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)); folder is not (null or "/"); folder = Path.GetDirectoryName(folder))
        {
            if (folder != "/usr" && !folder.StartsWith("/usr/", StringComparison.Ordinal) && !System.Contains(folder))
            {
                yield return folder;
            }
        }
    }

    private static List<string> Limits(SandboxPlan plan, bool boxed)
    {
        List<string> arguments = [];
        if (boxed && SandboxUser.IsRoot)
        {
            var user = Invariant(plan.User);
            arguments.AddRange(["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]);
        }

        arguments.AddRange(["prlimit", $"--nofile={plan.Limits.Files}:{plan.Limits.Files}", "--core=0:0", $"--fsize={plan.Limits.DiskBytes}:{plan.Limits.DiskBytes}"]);
        if (boxed)
        {
            arguments.Add($"--nproc={plan.Limits.Processes}:{plan.Limits.Processes}");
        }

        // Among equals it steps back: the worker and other runs come first, and when memory ends it is the first to go.
        arguments.AddRange(plan.StepsBack ? ["--", "nice", "-n", "5"] : ["--"]);
        return arguments;
    }

    /// <summary>What .NET plug-ins need: the runtime, and the native libraries where they lie in the package folder.</summary>
    private static IEnumerable<string> Runtime()
    {
        if (Path.IsPathRooted(RunnerLaunch.DotnetPath()))
        {
            yield return Path.GetDirectoryName(RunnerLaunch.DotnetPath())!;
        }

        foreach (var folder in typeof(TorchLibrary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Select(metadata => metadata.Value))
        {
            if (Path.IsPathRooted(folder) && Directory.Exists(folder))
            {
                yield return folder;
            }
        }

        var published = Path.Combine(AppContext.BaseDirectory, "runtimes");
        if (Directory.Exists(published))
        {
            yield return published;
        }
    }

    private static IEnumerable<string> Devices(string device) => device.StartsWith("cuda", StringComparison.Ordinal)
        ? Directory.EnumerateFileSystemEntries("/dev", "nvidia*").SelectMany(path => (string[])["--dev-bind", path, path])
        : [];

    private static string Invariant(long value) => value.ToString(CultureInfo.InvariantCulture);
}
