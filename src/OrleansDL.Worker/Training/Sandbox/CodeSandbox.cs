using System.Diagnostics;
using System.Globalization;

namespace OrleansDL.Training.Sandbox;

/// <summary>Keeps one attempt of user code within its limits, from before its process starts until nothing of it is left.</summary>
internal sealed class CodeSandbox : IAsyncDisposable
{
    private const int FileTooLarge = 128 + 25;
    private readonly SandboxPlan _plan;
    private readonly SandboxMeans _means;
    private readonly Cgroup? _group;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over = new();
    private Task _watching = Task.CompletedTask;
    private string? _broken;

    /// <param name="means">What the worker has.</param>
    /// <param name="plan">The attempt; all it reads lies in its folders.</param>
    /// <param name="time">The time.</param>
    /// <exception cref="IOException">Its folders or its control group could not be made.</exception>
    public CodeSandbox(SandboxMeans means, SandboxPlan plan, TimeProvider time)
    {
        _means = means;
        _plan = plan;
        _time = time;
        Redaction = new Redaction(plan.Secrets.Values);
        SandboxFolders.Prepare(plan);
        _group = means.Cgroups?.Create(
            string.Create(CultureInfo.InvariantCulture, $"odl-{plan.Run:N}-{plan.Attempt}"), plan.Limits, plan.Cpus, time);
    }

    /// <summary>Keeps its secrets out of its log.</summary>
    public Redaction Redaction { get; }

    private bool IsBoxed => _means.Bubblewrap is not null;

    /// <summary>How its process starts. Its input is <see cref="Script"/>.</summary>
    public ProcessStartInfo Command() => SandboxCommand.Build(_means, _plan, _group);

    public string Script() => SandboxScript.Build(_plan, IsBoxed ? SandboxPaths.Inside : SandboxPaths.Outside(_plan.Folder, _plan.Data, _plan.Socket));

    /// <summary>The process that is told to leave: bubblewrap's own, and the one that waits in the sandbox for it, pass nothing on.</summary>
    public int ProgramOf(int pid) => !IsBoxed ? pid
        : ProcessTree.ChildrenOf(pid) is [var init, ..] && ProcessTree.ChildrenOf(init) is [var program, ..] ? program
        : pid;

    /// <summary>Watches the process, and ends it when it goes beyond a limit.</summary>
    public void Watch(RunnerProcess process)
    {
        var inside = IsBoxed ? SandboxPaths.Inside : SandboxPaths.Outside(_plan.Folder, _plan.Data, _plan.Socket);
        var watch = new SandboxWatch(
            _plan.Limits, [_plan.Folder.Output, _plan.Folder.Checkpoints], [inside.Output, inside.Checkpoints], _group, _time);
        _watching = Task.Run(async () =>
        {
            try
            {
                _broken = await watch.RunAsync(process.Pid, _over.Token);
            }
            catch (Exception e)
            {
                // What cannot be measured is held to no limit.
                _broken = $"What it uses could not be measured: {e.Message}";
            }

            if (_broken is not null)
            {
                process.Kill();
            }
        });
    }

    /// <summary>Which limit ended the process, once it has ended; null: none.</summary>
    public async Task<string?> BrokenAsync(int exitCode)
    {
        await _over.CancelAsync();
        await _watching;
        return _broken
            ?? (exitCode != 0 && _group is { RanOutOfMemory: true } ? SandboxWatch.TooMuchMemory(_plan.Limits) : null)
            ?? (exitCode == FileTooLarge
                ? string.Create(CultureInfo.InvariantCulture, $"It wrote a file greater than its limit: code.limits.diskBytes is {_plan.Limits.DiskBytes}.")
                : null);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching;
        if (_group is not null)
        {
            await _group.DisposeAsync();
        }

        _over.Dispose();
    }
}
