using System.Diagnostics;
using System.Globalization;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>One training program's process.</summary>
internal sealed class RunnerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly RunnerLog _log;
    private readonly TimeProvider _time;
    private readonly Task _output;
    private readonly Task _errors;

    private RunnerProcess(Process process, RunnerLog log, Func<string, ValueTask> onLine, TimeProvider time)
    {
        _process = process;
        _log = log;
        _time = time;
        Pid = process.Id;
        _output = ReadAsync(process.StandardOutput, error: false, onLine);
        _errors = ReadAsync(process.StandardError, error: true, onLine);
    }

    public int Pid { get; }

    /// <summary>Which process is told to leave.</summary>
    private Func<int, int> ProgramOf { get; init; } = pid => pid;

    /// <summary>Starts the program. Every line it writes goes to <paramref name="onLine"/>.</summary>
    public static RunnerProcess Start(RunnerLaunch launch, Func<string, ValueTask> onLine, TimeProvider time)
    {
        var process = launch.Sandbox is { } sandbox ? LastingThread.Start(sandbox.Command()) : StartProgram(launch);
        File.WriteAllText(launch.Folder.Process, new ProcessMark(process.Id, ProcessMark.StartTimeOf(process.Id)).ToString());
        var runner = new RunnerProcess(process, new RunnerLog(), onLine, time) { ProgramOf = launch.Sandbox is { } box ? box.ProgramOf : pid => pid };
        _ = FeedAsync(process.StandardInput, launch.Sandbox?.Script());
        launch.Sandbox?.Watch(runner);
        return runner;
    }

    private static Process StartProgram(RunnerLaunch launch)
    {
        if (!File.Exists(launch.Program))
        {
            throw new InvalidOperationException(
                $"The training program is not at '{launch.Program}'. Build or publish the worker again: its output has a folder 'runner'.");
        }

        var isAssembly = launch.Program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isAssembly ? RunnerLaunch.DotnetPath() : launch.Program)
        {
            WorkingDirectory = launch.Folder.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        if (isAssembly)
        {
            start.ArgumentList.Add(launch.Program);
        }

        foreach (var (name, value) in launch.Environment())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)
            ?? throw new InvalidOperationException($"'{start.FileName}' did not start.");
    }

    /// <summary>Waits for the end of the process and of what it wrote.</summary>
    /// <returns>The exit code; 128 and the signal's number for one that was killed.</returns>
    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();

        // A child it left behind may hold the pipes open for ever.
        await Task.WhenAny(Task.WhenAll(_output, _errors), Task.Delay(TimeSpan.FromSeconds(2), _time));
        return _process.ExitCode;
    }

    /// <summary>The last lines of stderr.</summary>
    public string Reason(int exitCode) => _log.Reason() is { Length: > 0 } reason
        ? reason
        : string.Create(CultureInfo.InvariantCulture, $"The program ended with exit code {exitCode} and wrote nothing to stderr.");

    /// <summary>Asks it to leave; kills it when it has not within the grace time.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (_process.HasExited)
        {
            return;
        }

        Signals.SendTerminate(ProgramOf(Pid));
        try
        {
            await _process.WaitForExitAsync().WaitAsync(grace, _time);
        }
        catch (TimeoutException)
        {
            Kill();
        }
    }

    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task FeedAsync(StreamWriter input, string? text)
    {
        try
        {
            await using (input)
            {
                await input.WriteAsync(text);
            }
        }
        catch (IOException)
        {
            // It ended before it had read all.
        }
    }

    private Task ReadAsync(StreamReader reader, bool error, Func<string, ValueTask> onLine) =>
        OutputLines.ReadAsync(reader.BaseStream, 4 * RunnerLog.MaximumLine, line => _log.Take(line, error) is { } kept ? onLine(kept) : ValueTask.CompletedTask);
}
