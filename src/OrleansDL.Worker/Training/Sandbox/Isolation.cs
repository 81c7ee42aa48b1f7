using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Nodes;

namespace OrleansDL.Training.Sandbox;

/// <summary>How this worker keeps user code apart. It is found out once, by running a program in a sandbox and looking what it can do.</summary>
internal sealed partial class Isolation(NodeOptions node, IOptions<TrainerOptions> options, TimeProvider time, ILogger<Isolation> logger)
{
    /// <summary>The check that runs inside: it must not see a network device but its own, nor the machine's processes, nor be able to write.</summary>
    private const string Check = "[ \"$(tail -n +3 /proc/net/dev | grep -vc '^ *lo:')\" = 0 ] && [ ! -e /proc/100000 ] && ! touch /usr/odl-probe 2>/dev/null && echo isolated";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Lazy<Task<(SandboxMeans Means, WorkerIsolation Report)>> _found = new(() => FindAsync(options.Value, node.UnsafeUserCode, time, logger));

    public async Task<WorkerIsolation> ReportAsync() => (await _found.Value).Report;

    /// <summary>What there is, be it no sandbox at all: for models, which are data, a process of their own is worth having without one.</summary>
    public async Task<SandboxMeans> FoundAsync() => (await _found.Value).Means;

    /// <summary>What there is to run user code with.</summary>
    /// <exception cref="InvalidException">There is no sandbox, and the worker was not told to do without.</exception>
    public async Task<SandboxMeans> MeansAsync()
    {
        var (means, report) = await _found.Value;
        return report.Kind != "none"
            ? means
            : throw new InvalidException(
                $"Worker '{node.WorkerNameOrDefault}' runs no user code: it has no working sandbox. {report.Reason} A worker that is started with --unsafe-user-code runs it without one.");
    }

    private static async Task<(SandboxMeans, WorkerIsolation)> FindAsync(TrainerOptions options, bool unsafeUserCode, TimeProvider time, ILogger logger)
    {
        var groups = options.Cgroups
            ? await CgroupHome.FindAsync(await File.ReadAllTextAsync("/proc/self/mountinfo"), await File.ReadAllTextAsync("/proc/self/cgroup"), time)
            : null;
        groups?.RemoveEmpty(time.GetUtcNow());
        var bubblewrap = options.Bubblewrap ?? Find("bwrap");
        var reason = bubblewrap is null ? "The program 'bwrap' is not installed: 'apt install bubblewrap'." : await TryAsync(bubblewrap, time);
        var means = new SandboxMeans(reason is null ? bubblewrap : null, groups, Unsafe: reason is not null);
        var report = new WorkerIsolation
        {
            Kind = reason is null ? "bubblewrap" : unsafeUserCode ? "unsafe" : "none",
            Reason = reason,
            Limits = means.Limits(),
        };
        LogFound(logger, report.Kind, string.Join(", ", report.Limits.Select(limit => $"{limit.Key}: {limit.Value}")), reason ?? "-");
        return (means, report);
    }

    /// <summary>Null when a sandbox works; otherwise why not.</summary>
    private static async Task<string?> TryAsync(string bubblewrap, TimeProvider time)
    {
        var root = Directory.CreateTempSubdirectory("odl-probe-").FullName;
        try
        {
            var folder = new AttemptFolder(root);
            folder.Create();
            await File.WriteAllTextAsync(folder.Spec, "{}");
            var socket = Path.Combine(root, "socket");
            await File.WriteAllTextAsync(socket, "");
            var plan = new SandboxPlan
            {
                Run = Guid.Empty,
                Attempt = 0,
                Folder = folder,
                Data = folder.Data,
                Socket = socket,
                Device = "cpu",
                Threads = 1,
                Code = new CodeSpec { Reference = "probe", Command = ["/bin/sh", "-c", Check] },
            };
            SandboxFolders.Prepare(plan);
            using var process = Process.Start(SandboxCommand.Build(new SandboxMeans(bubblewrap, null, Unsafe: false), plan, group: null))!;
            await process.StandardInput.WriteAsync(SandboxScript.Build(plan, SandboxPaths.Inside));
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            try
            {
                await process.WaitForExitAsync().WaitAsync(Patience, time);
            }
            catch (TimeoutException)
            {
                process.Kill(entireProcessTree: true);
                return "A trial of bubblewrap did not end.";
            }

            return (await output).Trim() == "isolated" ? null : $"A trial of bubblewrap failed: {(await error).Trim()}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return $"A trial of bubblewrap failed: {e.Message}";
        }
        finally
        {
            SandboxFolders.Delete(root);
        }
    }

    private static string? Find(string program) =>
        ((string[])["/usr/bin/" + program, "/usr/local/bin/" + program]).FirstOrDefault(File.Exists);

    [LoggerMessage(LogLevel.Information, "User code runs under {Kind} ({Limits}); {Reason}")]
    private static partial void LogFound(ILogger logger, string kind, string limits, string reason);
}
