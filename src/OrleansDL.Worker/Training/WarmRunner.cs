using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OrleansDL.Training;

/// <summary>A process of the built-in trainers that takes one program after another. A program that does not end well ends the process with it.</summary>
internal sealed class WarmRunner : IDisposable
{
    /// <summary>Tells the process to wait for orders on its stdin.</summary>
    private const string Wait = "wait";
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(2);
    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly Task _read;
    private volatile WarmProgram? _program;

    private WarmRunner(Process process, string settings, TimeProvider time)
    {
        _process = process;
        _time = time;
        Settings = settings;
        Pid = process.Id;
        Exited = process.WaitForExitAsync();
        _read = Task.WhenAll(
            OutputLines.ReadAsync(process.StandardOutput.BaseStream, 4 * RunnerLog.MaximumLine, line => TakeAsync(line, error: false)),
            OutputLines.ReadAsync(process.StandardError.BaseStream, 4 * RunnerLog.MaximumLine, line => TakeAsync(line, error: true)));
    }

    public int Pid { get; }

    /// <summary>What it was started with and cannot change.</summary>
    public string Settings { get; }

    /// <summary>The project whose programs it runs; null: it has run none.</summary>
    public string? Project { get; private set; }

    /// <summary>How many programs it was given.</summary>
    public int Programs { get; private set; }

    /// <summary>Ends with the process.</summary>
    public Task Exited { get; }

    public int ExitCode => _process.ExitCode;

    /// <summary>Bytes of memory it holds; 0 when it has ended.</summary>
    public long Memory
    {
        get
        {
            try
            {
                _process.Refresh();
                return _process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }
    }

    /// <param name="program">The built-in trainers.</param>
    /// <param name="environment">What the process finds besides what it inherits, and keeps.</param>
    /// <param name="settings">The same as a text that can be compared.</param>
    /// <param name="time">The time.</param>
    public static WarmRunner Start(string program, IReadOnlyDictionary<string, string> environment, string settings, TimeProvider time)
    {
        var start = RunnerProcess.StartInfo(program, environment);
        start.ArgumentList.Add(Wait);
        return new WarmRunner(RunnerProcess.Start(start), settings, time);
    }

    /// <summary>Gives it a program. It must have none.</summary>
    public WarmProgram Begin(RunnerLaunch launch, string project, Func<string, ValueTask> onLine, Action<WarmRunner> onIdle)
    {
        Project = project;
        Programs++;
        File.WriteAllText(launch.Folder.Process, new ProcessMark(Pid, ProcessMark.StartTimeOf(Pid)).ToString());
        var order = new RunnerOrder(launch.Folder.Root, launch.Environment(), $"end {Guid.NewGuid():N}");
        var program = new WarmProgram(this, order.End, onLine, onIdle, _time);
        _program = program;
        _ = TellAsync(order);
        return program;
    }

    /// <summary>The program is over; what is written from here on is nobody's.</summary>
    public void Release() => _program = null;

    /// <summary>Waits until all that the process wrote is read; a child it left behind may hold the pipes open for ever.</summary>
    public Task ReadToEndAsync() => Task.WhenAny(_read, Task.Delay(OutputPatience, _time));

    public void AskForStacks() => Signals.SendUser(Pid);

    public void Terminate() => Signals.SendTerminate(Pid);

    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} ({Project ?? "unused"}, {Programs} programs)");

    private async Task TellAsync(RunnerOrder order)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order, OdlJson.Options));
            await _process.StandardInput.FlushAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It has ended, and its end is waited for.
        }
    }

    private ValueTask TakeAsync(string line, bool error) => _program?.TakeAsync(line, error) ?? ValueTask.CompletedTask;
}
