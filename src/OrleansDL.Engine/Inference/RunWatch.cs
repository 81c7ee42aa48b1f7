using System.Collections.Concurrent;
using System.Diagnostics;

namespace OrleansDL.Inference;

/// <summary>Looks now and then for executions that take longer than they may, and ends them. One for all models of a process.</summary>
public sealed class RunWatch : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<WatchedRun, byte> _runs = new();
    private readonly ITimer _timer;
    private TimeSpan _pause = Timeout.InfiniteTimeSpan;

    public RunWatch(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>Looks often enough for a limit: an execution ends at most a quarter of it late, or a second.</summary>
    internal void Heed(TimeSpan limit)
    {
        var pause = limit / 4;
        pause = pause > LongestPause ? LongestPause : pause < ShortestPause ? ShortestPause : pause;
        lock (_gate)
        {
            if (_pause == Timeout.InfiniteTimeSpan || pause < _pause)
            {
                _pause = pause;
                _timer.Change(pause, pause);
            }
        }
    }

    internal void Add(WatchedRun run) => _runs.TryAdd(run, 0);

    internal void Remove(WatchedRun run) => _runs.TryRemove(run, out _);

    private void Look()
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var (run, _) in _runs)
        {
            run.EndIfLate(now);
        }
    }
}
