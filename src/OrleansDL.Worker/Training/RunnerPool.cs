using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Nodes;

namespace OrleansDL.Training;

/// <summary>Starts training programs, and keeps processes of the built-in trainers that ended well for the next program of the same project:
/// libtorch is loaded in them, and what runs often is compiled.</summary>
internal sealed partial class RunnerPool : IDisposable
{
    private readonly TrainerOptions _options;
    private readonly int _limit;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly List<IdleRunner> _idle = [];
    private int _busy;
    private bool _closed;

    public RunnerPool(NodeOptions node, IOptions<TrainerOptions> options, TimeProvider time, ILogger<RunnerPool> logger)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;

        // An idle process would hold a good part of a GPU's memory, which models are served from too.
        _limit = Math.Min(_options.WarmRunners ?? (node.Device == "cpu" ? int.MaxValue : 0), node.SlotsOrDefault);
    }

    /// <summary>Processes that wait for a program.</summary>
    public IReadOnlyList<int> Idle
    {
        get
        {
            lock (_lock)
            {
                return [.. _idle.Select(idle => idle.Runner.Pid)];
            }
        }
    }

    /// <summary>Starts processes ahead of the first program.</summary>
    public void Prewarm()
    {
        for (var count = 0; count < Math.Min(_options.PrewarmedRunners, _limit) && _options.Program is null; count++)
        {
            Keep(WarmRunner.Start(RunnerLaunch.BuiltIn, RunnerLaunch.ProcessEnvironment(threads: 1), Settings(RunnerLaunch.ProcessEnvironment(threads: 1)), _time));
        }
    }

    /// <summary>Starts a program, in a process that waits for one of its project or in a new one.</summary>
    /// <param name="launch">What is started.</param>
    /// <param name="project">Whose it is: no process is shared between projects.</param>
    /// <param name="onLine">Takes every line it writes.</param>
    public IRunningProgram Start(RunnerLaunch launch, string project, Func<string, ValueTask> onLine)
    {
        // User code, programs of the operator's own and members of a gang get a process that nobody had, and nobody will.
        var environment = launch.Environment();
        if (_limit == 0 || launch.Sandbox is not null || launch.Program != RunnerLaunch.BuiltIn || environment["ODL_WORLD_SIZE"] != "1")
        {
            return RunnerProcess.Start(launch, onLine, _time);
        }

        var lasting = environment.Where(entry => !entry.Key.StartsWith("ODL_", StringComparison.Ordinal)).ToDictionary();
        var settings = Settings(lasting);
        var runner = Take(project, settings);
        if (runner is null)
        {
            runner = WarmRunner.Start(launch.Program, lasting, settings, _time);
            lock (_lock)
            {
                _busy++;
            }
        }

        try
        {
            return runner.Begin(launch, project, onLine, Return);
        }
        catch
        {
            lock (_lock)
            {
                _busy--;
            }

            runner.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        List<IdleRunner> idle;
        lock (_lock)
        {
            _closed = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (var entry in idle)
        {
            entry.End();
        }
    }

    private static string Settings(IReadOnlyDictionary<string, string> environment) =>
        string.Join('\n', environment.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}"));

    /// <summary>The one that waits for a program of this project or, if there is none, one that has run nothing yet.</summary>
    private WarmRunner? Take(string project, string settings)
    {
        List<IdleRunner> ended = [];
        WarmRunner? found = null;
        lock (_lock)
        {
            // The last to come back is the warmest.
            foreach (var entry in _idle.Where(entry => entry.Runner.Settings == settings && (entry.Runner.Project is null || entry.Runner.Project == project))
                .OrderBy(entry => entry.Runner.Project is null).ThenByDescending(entry => entry.Since).ToList())
            {
                _idle.Remove(entry);
                if (!entry.Runner.Exited.IsCompleted)
                {
                    entry.Expiry.Dispose();
                    found = entry.Runner;
                    _busy++;
                    break;
                }

                ended.Add(entry);
            }

            // What starts anew takes the place of the one that has waited longest.
            if (found is null && _idle.Count > 0 && _idle.Count + _busy >= _limit)
            {
                ended.Add(_idle[0]);
                _idle.RemoveAt(0);
            }
        }

        foreach (var entry in ended)
        {
            entry.End();
        }

        return found;
    }

    private void Return(WarmRunner runner)
    {
        lock (_lock)
        {
            _busy--;
        }

        if (runner.Exited.IsCompleted)
        {
            runner.Dispose();
        }
        else if (runner.Programs >= _options.WarmRunnerPrograms || runner.Memory > _options.WarmRunnerMemoryBytes)
        {
            LogReplaced(runner.Pid, runner.Programs, runner.Memory);
            runner.Dispose();
        }
        else
        {
            Keep(runner);
        }
    }

    private void Keep(WarmRunner runner)
    {
        IdleRunner? beyond = null;
        var entry = new IdleRunner(runner, _time.GetTimestamp(), _time.CreateTimer(_ => Expire(runner), null, _options.WarmRunnerIdle, Timeout.InfiniteTimeSpan));
        lock (_lock)
        {
            if (_closed)
            {
                beyond = entry;
            }
            else
            {
                _idle.Add(entry);
                if (_idle.Count > _limit)
                {
                    beyond = _idle[0];
                    _idle.RemoveAt(0);
                }
            }
        }

        beyond?.End();
    }

    private void Expire(WarmRunner runner)
    {
        IdleRunner? entry;
        lock (_lock)
        {
            entry = _idle.Find(idle => idle.Runner == runner);
            if (entry is not null)
            {
                _idle.Remove(entry);
            }
        }

        entry?.End();
    }

    [LoggerMessage(LogLevel.Debug, "Runner process {Pid} is not used again after {Programs} programs, holding {Memory} bytes")]
    private partial void LogReplaced(int pid, int programs, long memory);
}
