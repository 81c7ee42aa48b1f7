namespace OrleansDL.Training;

/// <summary>One program in a process that may have run others before it, and will run others after it if this one ends well.</summary>
internal sealed class WarmProgram : IRunningProgram
{
    private readonly WarmRunner _runner;
    private readonly string _end;
    private readonly Func<string, ValueTask> _onLine;
    private readonly Action<WarmRunner> _onIdle;
    private readonly TimeProvider _time;
    private readonly RunnerLog _log = new();
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _endOfOutput = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _endOfErrors = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ended;
    private bool _told;
    private bool _over;

    /// <param name="runner">Its process.</param>
    /// <param name="end">The line by which the process says, on stdout and on stderr, that the program has ended well.</param>
    /// <param name="onLine">Takes every line it writes.</param>
    /// <param name="onIdle">Takes the process back.</param>
    /// <param name="time">The time.</param>
    public WarmProgram(WarmRunner runner, string end, Func<string, ValueTask> onLine, Action<WarmRunner> onIdle, TimeProvider time)
    {
        (_runner, _end, _onLine, _onIdle, _time) = (runner, end, onLine, onIdle, time);
        _ended = Task.WhenAll(_endOfOutput.Task, _endOfErrors.Task);
    }

    public int Pid => _runner.Pid;

    public async Task<int> WaitAsync()
    {
        await Task.WhenAny(_ended, _runner.Exited);
        if (_ended.IsCompleted)
        {
            return 0;
        }

        await _runner.ReadToEndAsync();
        return _runner.ExitCode;
    }

    public string Reason(int exitCode) => _log.Reason(exitCode);

    public async Task StopAsync(TimeSpan grace)
    {
        lock (_lock)
        {
            // Once it is over, the process is somebody else's.
            if (_over || _ended.IsCompleted)
            {
                return;
            }

            _told = true;
            _runner.Terminate();
        }

        try
        {
            await Task.WhenAny(_ended, _runner.Exited).WaitAsync(grace, _time);
        }
        catch (TimeoutException)
        {
            Kill();
        }
    }

    public void AskForStacks()
    {
        lock (_lock)
        {
            if (!_over && !_ended.IsCompleted)
            {
                _told = true;
                _runner.AskForStacks();
            }
        }
    }

    public void Kill()
    {
        lock (_lock)
        {
            if (!_over)
            {
                _told = true;
                _runner.Kill();
            }
        }
    }

    /// <summary>Gives the process back if the program ended well and nobody told it to; else it has no next program.</summary>
    public async ValueTask DisposeAsync()
    {
        bool reusable;
        lock (_lock)
        {
            if (_over)
            {
                return;
            }

            _over = true;
            reusable = _ended.IsCompleted && !_told && !_runner.Exited.IsCompleted;
        }

        _runner.Release();
        if (!reusable)
        {
            _runner.Kill();
            await _runner.Exited;
        }

        _onIdle(_runner);
    }

    /// <summary>Takes a line that the process wrote.</summary>
    public async ValueTask TakeAsync(string line, bool error)
    {
        var isEnd = line.EndsWith(_end, StringComparison.Ordinal);
        var text = isEnd ? line[..^_end.Length] : line;
        if ((!isEnd || text.Length > 0) && _log.Take(text, error) is { } kept)
        {
            await _onLine(kept);
        }

        if (isEnd)
        {
            (error ? _endOfErrors : _endOfOutput).TrySetResult();
        }
    }
}
