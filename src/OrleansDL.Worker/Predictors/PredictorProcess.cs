using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using OrleansDL.Training;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Predictors;

/// <summary>A runner that hosts models: in a sandbox without network and with a read-only root where the worker has one, else in a process of its own.</summary>
internal sealed class PredictorProcess : IAsyncDisposable
{
    private const string Argument = "serve";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly AttemptFolder _folder;
    private readonly string _models;
    private readonly bool _isBoxed;
    private readonly HostLimits _limits;
    private readonly Cgroup? _group;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;
    private readonly RunnerLog _log = new();
    private readonly Task _output;
    private readonly TimeProvider _time;
    private volatile string? _killed;

    private PredictorProcess(Process process, AttemptFolder folder, string models, bool isBoxed, HostLimits limits, Cgroup? group, TimeProvider time)
    {
        (_process, _folder, _models, _isBoxed, _limits, _group, _time) = (process, folder, models, isBoxed, limits, group, time);
        Pid = process.Id;
        _watching = limits.MemoryBytes is { } memory && group is null ? WatchAsync(memory) : Task.CompletedTask;
        _output = Task.WhenAll(ReadAsync(process.StandardOutput, error: false), ReadAsync(process.StandardError, error: true));
    }

    /// <summary>The process, or the outermost of those that are its sandbox.</summary>
    public int Pid { get; }

    /// <summary>Its end of the talk.</summary>
    public FrameSocket Socket { get; private set; } = null!;

    /// <summary>Where rooms for tensors are made.</summary>
    public string RoomFolder => _folder.Output;

    /// <summary>What it wrote last.</summary>
    public string Log => _log.Reason();

    /// <param name="means">What the worker has for sandboxes.</param>
    /// <param name="models">The folder below which the models' files lie and will lie.</param>
    /// <param name="limits">What it may take.</param>
    /// <param name="time">The time.</param>
    /// <exception cref="PredictorLostException">It did not start.</exception>
    public static async Task<PredictorProcess> StartAsync(SandboxMeans means, string models, HostLimits limits, TimeProvider time)
    {
        var folder = PredictorFolder.Create();
        PredictorProcess? started = null;
        Cgroup? group = null;
        try
        {
            // A path of a Unix socket has 107 bytes at most.
            var path = Path.Combine(folder.Root, "s");
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(1);
            Directory.CreateDirectory(models);
            var isBoxed = means is { Bubblewrap: not null, Unsafe: false };
            var plan = await PlanAsync(folder, models, path, limits, isBoxed);
            group = limits is { MemoryBytes: null, Cpus: null } ? null
                : means.Cgroups?.Create(string.Create(CultureInfo.InvariantCulture, $"odl-{plan.Run:N}-0"), plan.Limits, plan.Cpus, time);
            started = new PredictorProcess(await RunAsync(means, plan, isBoxed, group), folder, models, isBoxed, limits, group, time);
            started.Socket = await started.MeetAsync(listener);
            return started;
        }
        catch (Exception error) when (error is not PredictorLostException)
        {
            await DisposeAsync(started, folder, group);
            throw new PredictorLostException($"The process for isolated models did not start: {error.Message}", mayRetry: false);
        }
        catch
        {
            await DisposeAsync(started, folder, group);
            throw;
        }
    }

    /// <summary>A model's folder as the process sees it.</summary>
    public string PathOf(string folder) => _isBoxed ? Path.Combine(SandboxPaths.Inside.Data, Path.GetRelativePath(_models, folder)) : folder;

    /// <summary>Ends it at once.</summary>
    /// <param name="reason">Why; null: nothing is wrong.</param>
    public void Kill(string? reason)
    {
        _killed ??= reason;
        try
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        catch (InvalidOperationException)
        {
            // It has ended, and was disposed.
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>How it ended.</returns>
    public async Task<string> WaitAsync()
    {
        await _process.WaitForExitAsync();

        // A child it left behind may hold the pipes open for ever.
        await Task.WhenAny(_output, Task.Delay(OutputPatience, _time));
        await _over.CancelAsync();
        await _watching;
        return _killed ?? (_group is { RanOutOfMemory: true } ? _limits.TooMuchMemory : Describe(_process.ExitCode));
    }

    public async ValueTask DisposeAsync()
    {
        Socket?.Dispose();
        Kill(null);
        await _process.WaitForExitAsync();
        await _over.CancelAsync();
        await _watching;
        if (_group is not null)
        {
            await _group.DisposeAsync();
        }

        _over.Dispose();
        _process.Dispose();
        _folder.Delete();
    }

    private static async ValueTask DisposeAsync(PredictorProcess? started, AttemptFolder folder, Cgroup? group)
    {
        if (started is not null)
        {
            await started.DisposeAsync();
        }
        else
        {
            if (group is not null)
            {
                await group.DisposeAsync();
            }

            folder.Delete();
        }
    }

    private static async Task<SandboxPlan> PlanAsync(AttemptFolder folder, string models, string socket, HostLimits limits, bool isBoxed)
    {
        await File.WriteAllTextAsync(folder.Spec, "{}");
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var runner = isBoxed ? Path.Combine(SandboxPaths.Inside.Runner, Path.GetFileName(RunnerLaunch.BuiltIn)) : RunnerLaunch.BuiltIn;
        return new SandboxPlan
        {
            Run = Guid.NewGuid(),
            Attempt = 0,
            Folder = folder,
            Data = models,
            Socket = socket,
            Device = "cpu",
            Threads = 1,
            StepsBack = false,
            Code = new CodeSpec
            {
                Reference = Argument,
                Command = [RunnerLaunch.DotnetPath(), runner, Argument],
                Limits = new CodeLimits { MemoryBytes = limits.MemoryBytes ?? memory, Processes = 4096, Files = 4096, DiskBytes = memory, Cpus = limits.Cpus ?? Environment.ProcessorCount },
            },
        };
    }

    private static async Task<Process> RunAsync(SandboxMeans means, SandboxPlan plan, bool isBoxed, Cgroup? group)
    {
        SandboxFolders.Prepare(plan);
        var process = LastingThread.Start(SandboxCommand.Build(means, plan, group));
        try
        {
            await process.StandardInput.WriteAsync(SandboxScript.Build(plan, isBoxed ? SandboxPaths.Inside : SandboxPaths.Outside(plan.Folder, plan.Data, plan.Socket)));
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already; how is told when it is met.
        }

        return process;
    }

    /// <summary>Ends it when it goes beyond its memory, where the kernel does not.</summary>
    private async Task WatchAsync(long memory)
    {
        var watch = new SandboxWatch(new CodeLimits { MemoryBytes = memory, DiskBytes = long.MaxValue }, [], [], group: null, _time);
        if (await watch.RunAsync(Pid, _over.Token) is not null)
        {
            Kill(_limits.TooMuchMemory);
        }
    }

    private async Task<FrameSocket> MeetAsync(Socket listener)
    {
        using var patience = new CancellationTokenSource(StartPatience, _time);
        var accepting = listener.AcceptAsync(patience.Token).AsTask();
        if (await Task.WhenAny(accepting, _process.WaitForExitAsync(patience.Token)) != accepting || accepting.IsCanceled)
        {
            throw new PredictorLostException(_process.HasExited ? await WaitAsync() : $"It did not answer within {StartPatience.TotalSeconds} s.", mayRetry: false);
        }

        var socket = new FrameSocket(await accepting);
        var hello = await Task.Run(socket.Receive, patience.Token).WaitAsync(patience.Token);
        if (hello is { Kind: FrameKind.Hello } && hello.Text() == PredictorBuild.Id)
        {
            return socket;
        }

        socket.Dispose();
        throw new PredictorLostException("The runner is of another build than the worker. Install both together.", mayRetry: false);
    }

    private Task ReadAsync(StreamReader reader, bool error) => OutputLines.ReadAsync(reader.BaseStream, 4 * RunnerLog.MaximumLine, line =>
    {
        _log.Take(line, error);
        return ValueTask.CompletedTask;
    });

    private string Describe(int exitCode)
    {
        var how = exitCode switch
        {
            128 + 4 => "ended by SIGILL",
            128 + 6 => "ended by SIGABRT",
            128 + 7 => "ended by SIGBUS",
            128 + 8 => "ended by SIGFPE",
            128 + 9 => "ended by SIGKILL",
            128 + 11 => "ended by SIGSEGV",
            _ => string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}"),
        };
        var said = Log.Split('\n').FirstOrDefault(line => line.StartsWith("Fatal error", StringComparison.Ordinal) || line.StartsWith("Out of memory", StringComparison.Ordinal) || line.StartsWith("Unhandled exception", StringComparison.Ordinal));
        return said is null ? how : $"{how} ({said})";
    }
}
