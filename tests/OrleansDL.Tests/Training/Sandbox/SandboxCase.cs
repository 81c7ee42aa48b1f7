using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansDL.Nodes;
using OrleansDL.Training;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Tests.Training.Sandbox;

/// <summary>A Python program in the real sandbox, without a cluster around it.</summary>
internal sealed class SandboxCase : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _root = Directory.CreateTempSubdirectory("odl-sandbox-test-").FullName;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource _spoke = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CodeSandbox? _sandbox;
    private RunnerProcess? _process;

    public SandboxCase() => Folder = new AttemptFolder(Path.Combine(_root, "attempt"));

    public AttemptFolder Folder { get; }

    public string Output => string.Join('\n', _lines);

    public int Pid => _process!.Pid;

    public int Program => _sandbox!.ProgramOf(Pid);

    /// <summary>Starts it.</summary>
    /// <param name="program">Python.</param>
    /// <param name="cgroups">Whether control groups are used where they can be; without them the other means must hold.</param>
    /// <param name="limits">Its limits.</param>
    public async Task StartAsync(string program, bool cgroups, CodeLimits? limits = null)
    {
        Folder.Create();
        await File.WriteAllTextAsync(Path.Combine(Folder.Code, "program.py"), program);
        await File.WriteAllTextAsync(Folder.Spec, "{}");
        var socket = Path.Combine(_root, "s");
        await File.WriteAllTextAsync(socket, "");
        var plan = new SandboxPlan
        {
            Run = Guid.CreateVersion7(),
            Attempt = 1,
            Folder = Folder,
            Data = Folder.Data,
            Socket = socket,
            Device = "cpu",
            Threads = 1,
            Code = new CodeSpec { Reference = "test", Command = ["/usr/bin/python3", "program.py"], Limits = limits, Environment = new Dictionary<string, string> { ["OUTSIDE"] = _root } },
        };
        var isolation = new Isolation(new NodeOptions(), Options.Create(new TrainerOptions { Cgroups = cgroups }), TimeProvider.System, NullLogger<Isolation>.Instance);
        _sandbox = new CodeSandbox(await isolation.MeansAsync(), plan, TimeProvider.System);
        var launch = new RunnerLaunch
        {
            Run = plan.Run,
            Attempt = 1,
            Folder = Folder,
            Socket = socket,
            Device = "cpu",
            Threads = 1,
            Program = RunnerLaunch.BuiltIn,
            Sandbox = _sandbox,
        };
        _process = RunnerProcess.Start(launch, TakeAsync, TimeProvider.System);
    }

    /// <summary>Once it has written its first line.</summary>
    public Task SpokenAsync() => _spoke.Task.WaitAsync(Patience);

    public Task StopAsync(TimeSpan grace) => _process!.StopAsync(grace);

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code, and the limit it broke.</returns>
    public async Task<(int ExitCode, string? Broken)> EndAsync()
    {
        var exitCode = await _process!.WaitAsync().WaitAsync(Patience);
        return (exitCode, await _sandbox!.BrokenAsync(exitCode));
    }

    public async Task<(int ExitCode, string? Broken)> RunAsync(string program, bool cgroups, CodeLimits? limits = null)
    {
        await StartAsync(program, cgroups, limits);
        return await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        if (_sandbox is not null)
        {
            await _sandbox.DisposeAsync();
        }

        Folder.Delete();
        Assert.False(Directory.Exists(Folder.Root));
        Directory.Delete(_root, recursive: true);
    }

    private ValueTask TakeAsync(string line)
    {
        _lines.Enqueue(line);
        _spoke.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
