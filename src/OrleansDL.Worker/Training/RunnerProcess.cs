using System.Diagnostics;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>A training program in a process of its own.</summary>
internal sealed class RunnerProcess : IRunningProgram
{
    private readonly Process _process;
    private readonly RunnerLog _log;
    private readonly Redaction? _secrets;
    private readonly TimeProvider _time;
    private readonly Task _output;
    private readonly Task _errors;

    private RunnerProcess(Process process, RunnerLog log, Redaction? secrets, Func<string, ValueTask> onLine, TimeProvider time)
    {
        _process = process;
        _secrets = secrets;
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
        var runner = new RunnerProcess(process, new RunnerLog(), launch.Sandbox?.Redaction, onLine, time) { ProgramOf = launch.Sandbox is { } box ? box.ProgramOf : pid => pid };
        _ = FeedAsync(process.StandardInput, launch.Sandbox?.Script());
        launch.Sandbox?.Watch(runner);
        return runner;
    }

    private static Process StartProgram(RunnerLaunch launch)
    {
        var start = StartInfo(launch.Program, launch.Environment());
        start.WorkingDirectory = launch.Folder.Root;
        return Start(start);
    }

    /// <summary>How a program is started whose pipes we hold.</summary>
    /// <param name="program">An assembly (<c>.dll</c>) or an executable.</param>
    /// <param name="environment">What it finds besides what it inherits.</param>
    /// <exception cref="InvalidOperationException">It is not there.</exception>
    public static ProcessStartInfo StartInfo(string program, IReadOnlyDictionary<string, string> environment)
    {
        if (!File.Exists(program))
        {
            throw new InvalidOperationException(
                $"The training program is not at '{program}'. Build or publish the worker again: its output has a folder 'runner'.");
        }

        var isAssembly = program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isAssembly ? RunnerLaunch.DotnetPath() : program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        if (isAssembly)
        {
            start.ArgumentList.Add(program);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <exception cref="InvalidOperationException">It does not start.</exception>
    public static Process Start(ProcessStartInfo start) =>
        Process.Start(start) ?? throw new InvalidOperationException($"'{start.FileName}' did not start.");

    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();

        // A child it left behind may hold the pipes open for ever.
        await Task.WhenAny(Task.WhenAll(_output, _errors), Task.Delay(TimeSpan.FromSeconds(2), _time));
        return _process.ExitCode;
    }

    public string Reason(int exitCode) => _log.Reason(exitCode);

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

    public void AskForStacks() => Signals.SendUser(ProgramOf(Pid));

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
        OutputLines.ReadAsync(reader.BaseStream, 4 * RunnerLog.MaximumLine, line => _log.Take(_secrets?.Of(line) ?? line, error) is { } kept ? onLine(kept) : ValueTask.CompletedTask);
}
