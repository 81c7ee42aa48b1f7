using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Nodes;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>The attempts that run on this worker.</summary>
internal sealed partial class Trainer(
    NodeOptions node, IOptions<TrainerOptions> options, BlobStore blobs, RunShards shards, CodeRuns code, RunnerPool runners, IGrainFactory grains, ILocalSiloDetails silo, TimeProvider time,
    ILogger<Trainer> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Guid Run, int Rank), Running> _running = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _draining;

    /// <summary>Tells this start of the worker from every other.</summary>
    public string Incarnation => silo.SiloAddress.ToParsableString();

    public bool IsDraining
    {
        get
        {
            lock (_lock)
            {
                return _draining;
            }
        }
    }

    /// <summary>Ends when an attempt or a process comes or goes after this call.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
            {
                return _changed.Task;
            }
        }
    }

    private string WorkDirectory => Path.GetFullPath(
        options.Value.WorkDirectory ?? Path.Combine(node.DirectoryOrDefault, "work", node.WorkerNameOrDefault));

    /// <summary>Where ranks on other machines reach this one; null: it is known to itself alone.</summary>
    private string? Advertise => IPAddress.TryParse(node.Address, out var address) && IPAddress.IsLoopback(address) ? null : node.Address;

    public IReadOnlyList<RunnerInfo> List()
    {
        lock (_lock)
        {
            return [.. _running.Values.Select(running => running.Attempt.Info)];
        }
    }

    public void Start(TrainerAssignment assignment)
    {
        if (assignment.Incarnation != Incarnation)
        {
            throw new StaleAttemptException(
                $"Attempt {assignment.Attempt} of training run {assignment.Run} was meant for an earlier start of worker '{node.WorkerNameOrDefault}'.");
        }

        lock (_lock)
        {
            if (_draining)
            {
                throw new NoCapacityException($"Worker '{node.WorkerNameOrDefault}' is leaving and takes no new work.");
            }

            var ofRun = _running.Values.Where(running => running.Attempt.Run == assignment.Run).ToList();
            if (ofRun.Exists(running => running.Attempt.Number > assignment.Attempt
                || (running.Attempt.Number == assignment.Attempt && running.Attempt.Rank == assignment.Rank)))
            {
                return;
            }

            // Of an older attempt no rank goes on, whatever the rank that begins.
            var before = ofRun.Where(running => running.Attempt.Number < assignment.Attempt).ToList();
            before.ForEach(running => running.Attempt.Kill());
            var folder = Path.Combine(WorkDirectory, string.Create(
                CultureInfo.InvariantCulture, $"{assignment.Run:N}-{assignment.Attempt}{(assignment.Rank == 0 ? "" : $"-{assignment.Rank}")}"));
            var attempt = new Attempt(
                assignment, new AttemptFolder(folder), node.Device, Advertise, blobs, shards, code, runners, grains, options.Value, time, logger)
            {
                OnChange = OnChange,
            };
            _running[(assignment.Run, assignment.Rank)] = new Running(attempt, Task.Run(() => RunAsync(attempt, Task.WhenAll(before.Select(running => running.Completion)))));
        }

        OnChange();
    }

    /// <param name="run">The run.</param>
    /// <param name="attempt">Its attempt.</param>
    /// <param name="cancel">Whether the run is not to go on.</param>
    /// <returns>Whether a rank of the attempt is here.</returns>
    public bool Stop(Guid run, int attempt, bool cancel)
    {
        List<Attempt> found;
        lock (_lock)
        {
            found = [.. _running.Values.Select(running => running.Attempt).Where(here => here.Run == run && here.Number == attempt)];
        }

        found.ForEach(here => here.Stop(cancel));
        return found.Count > 0;
    }

    /// <summary>Takes no more work, and sends what runs away with a checkpoint.</summary>
    public async Task DrainAsync(TimeSpan patience)
    {
        List<Running> running;
        lock (_lock)
        {
            _draining = true;
            running = [.. _running.Values];
        }

        OnChange();
        foreach (var (attempt, _) in running)
        {
            attempt.Stop(cancel: false);
        }

        try
        {
            await Task.WhenAll(running.Select(entry => entry.Completion)).WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            // Their runs are told by the scheduler, when this worker is gone.
            foreach (var (attempt, _) in running)
            {
                attempt.Kill();
            }
        }
    }

    /// <summary>Removes what a worker that died left behind: processes first, for they write into the folders.</summary>
    public void CleanUp()
    {
        if (!Directory.Exists(WorkDirectory))
        {
            return;
        }

        foreach (var path in Directory.EnumerateDirectories(WorkDirectory))
        {
            var folder = new AttemptFolder(path);
            if (File.Exists(folder.Process) && ProcessMark.Parse(File.ReadAllText(folder.Process)) is { IsAlive: true } mark)
            {
                LogLeftOver(mark.Pid, path);
                mark.Kill();
            }

            folder.Delete();
        }
    }

    private async Task RunAsync(Attempt attempt, Task before)
    {
        try
        {
            await before;
            await attempt.RunAsync();
        }
        catch (Exception e)
        {
            LogFailed(attempt.Run, attempt.Number, e);
        }
        finally
        {
            lock (_lock)
            {
                if (_running.TryGetValue((attempt.Run, attempt.Rank), out var current) && current.Attempt == attempt)
                {
                    _running.Remove((attempt.Run, attempt.Rank));
                }
            }

            OnChange();
        }
    }

    private void OnChange()
    {
        lock (_lock)
        {
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Process {Pid} in {Folder} was left by a worker that died, and is ended")]
    private partial void LogLeftOver(int pid, string folder);

    [LoggerMessage(LogLevel.Error, "Attempt {Attempt} of training run {Run} could not be concluded")]
    private partial void LogFailed(Guid run, int attempt, Exception exception);

    private sealed record Running(Attempt Attempt, Task Completion);
}
