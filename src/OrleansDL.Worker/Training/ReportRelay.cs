using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;

namespace OrleansDL.Training;

/// <summary>Carries what a program says to its run: in order, each once, in batches, and on through the absence of the control side.</summary>
internal sealed partial class ReportRelay
{
    private const int Buffered = 1024;
    private const int MaximumBatch = 256;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(2);

    private readonly Channel<object> _items = Channel.CreateBounded<object>(new BoundedChannelOptions(Buffered) { SingleReader = true });
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITrainingRunGrain _run;
    private readonly TrainerAssignment _assignment;
    private readonly BlobStore _blobs;
    private readonly TimeSpan _controlAway;
    private readonly Action _onFenced;
    private readonly Action _onAway;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _delivery;
    private long _sequence;
    private volatile bool _fenced;

    /// <param name="run">Who is told.</param>
    /// <param name="assignment">The attempt.</param>
    /// <param name="blobs">Where checkpoints go.</param>
    /// <param name="controlAway">How long the run may be out of reach.</param>
    /// <param name="onFenced">Called when the run has gone on to another attempt: this one must end at once.</param>
    /// <param name="onAway">Called when the run was out of reach for too long: this attempt must end.</param>
    /// <param name="time">The time.</param>
    /// <param name="logger">The log.</param>
    public ReportRelay(
        ITrainingRunGrain run, TrainerAssignment assignment, BlobStore blobs, TimeSpan controlAway, Action onFenced, Action onAway,
        TimeProvider time, ILogger logger)
    {
        _run = run;
        _assignment = assignment;
        _blobs = blobs;
        _controlAway = controlAway;
        _onFenced = onFenced;
        _onAway = onAway;
        _time = time;
        _logger = logger;
        _delivery = Task.Run(DeliverAsync);
    }

    /// <summary>Takes a report. It waits while the buffer is full, and with it the program.</summary>
    public ValueTask ReportAsync(RunReport report) => AddAsync(report);

    public ValueTask LogAsync(string line) => AddAsync(_assignment.Rank == 0 ? line : $"[rank {_assignment.Rank}] {line}");

    public ValueTask CheckpointAsync(CheckpointReady checkpoint) => AddAsync(checkpoint);

    /// <summary>Delivers what is left, then how the attempt ended; for as long as it takes.</summary>
    public async Task FinishAsync(RunOutcome outcome)
    {
        _items.Writer.TryComplete();
        _closing.TrySetResult();
        await _delivery;
        await SendAsync(() => _run.FinishAsync(outcome));
    }

    private async ValueTask AddAsync(object item)
    {
        try
        {
            await _items.Writer.WriteAsync(item);
        }
        catch (ChannelClosedException)
        {
            // What a program's descendants say after its end is nobody's report.
        }
    }

    private async Task DeliverAsync()
    {
        while (await _items.Reader.WaitToReadAsync())
        {
            var batch = new List<object>();
            while (batch.Count < MaximumBatch && _items.Reader.TryRead(out var item))
            {
                batch.Add(item);
            }

            // Reports before the checkpoint: what happened up to its step must be known before anyone goes on from there.
            await DeliverReportsAsync(batch);
            await DeliverCheckpointsAsync(batch.OfType<CheckpointReady>().ToList());
            await Task.WhenAny(Task.Delay(Pace, _time), _closing.Task);
        }
    }

    private async Task DeliverReportsAsync(List<object> batch)
    {
        var reports = batch.OfType<RunReport>().ToList();
        var metrics = reports.SelectMany(report => report.Metrics).ToList();
        var log = batch.SelectMany(item => item switch
        {
            string line => [line],
            RunReport report => report.Log,
            _ => [],
        }).ToList();
        var progress = reports.LastOrDefault(report => report.Progress is not null)?.Progress;
        if (metrics.Count == 0 && log.Count == 0 && progress is null)
        {
            return;
        }

        var message = new RunReport
        {
            Attempt = _assignment.Attempt,
            Sequence = ++_sequence,
            Metrics = metrics,
            Log = log,
            Progress = progress,
            Rank = _assignment.Rank,
        };
        await SendAsync(() => _run.ReportAsync(message));
    }

    private async Task DeliverCheckpointsAsync(List<CheckpointReady> checkpoints)
    {
        // Only the last one counts, and those that may be the best: the others were overtaken while they waited.
        foreach (var (index, ready) in checkpoints.Index())
        {
            if (_fenced || (index < checkpoints.Count - 1 && ready.Score is null))
            {
                File.Delete(ready.Path);
            }
            else
            {
                await DeliverCheckpointAsync(ready);
            }
        }
    }

    private async Task DeliverCheckpointAsync(CheckpointReady ready)
    {
        try
        {
            await using var file = File.OpenRead(ready.Path);
            var blob = await _blobs.PutAsync(file);
            await SendAsync(() => _run.RecordCheckpointAsync(new Checkpoint
            {
                Step = ready.Step,
                Blob = blob.Blob,
                Bytes = blob.Bytes,
                Time = _time.GetUtcNow(),
                Attempt = _assignment.Attempt,
                Score = ready.Score,
            }));
            File.Delete(ready.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OutOfSpaceException)
        {
            // The attempt goes on: it has the checkpoint before, and will write another.
            LogCheckpointNotKept(_assignment.Run, ready.Step, e);
        }
    }

    private async Task SendAsync(Func<Task> send)
    {
        var began = _time.GetTimestamp();
        var retry = FirstRetry;
        var away = false;
        while (!_fenced)
        {
            try
            {
                await send();
                return;
            }
            catch (Exception e) when (e is StaleAttemptException or NotFoundException)
            {
                LogFenced(_assignment.Run, _assignment.Attempt, e.Message);
                _fenced = true;
                _onFenced();
            }
            catch (Exception e)
            {
                if (!away && _time.GetElapsedTime(began) > _controlAway)
                {
                    away = true;
                    LogAway(_assignment.Run, _assignment.Attempt, e);
                    _onAway();
                }

                await Task.Delay(retry, _time);
                retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of training run {Run} has lost its lease and is ended: {Reason}")]
    private partial void LogFenced(Guid run, int attempt, string reason);

    [LoggerMessage(LogLevel.Warning, "Training run {Run} cannot be reached; its attempt {Attempt} is stopped, and told when it can")]
    private partial void LogAway(Guid run, int attempt, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The checkpoint of training run {Run} at step {Step} could not be kept; the one before it stays. Check the disk")]
    private partial void LogCheckpointNotKept(Guid run, long step, Exception exception);
}
