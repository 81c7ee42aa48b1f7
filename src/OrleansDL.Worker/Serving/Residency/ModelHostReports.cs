using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;

namespace OrleansDL.Serving.Residency;

/// <summary>Tells every server what this worker has loaded: each change as soon as the one before was told, and how it stands every two seconds.</summary>
internal sealed partial class ModelHostReports : IHostedService, IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Tending = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Guid _incarnation = Guid.NewGuid();
    private readonly ModelMemory _memory;
    private readonly ModelCopies _copies;
    private readonly NodeNotices _notices;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelHostReports> _logger;
    private readonly CancellationTokenSource _stop = new();

    // The last that became of each generation since the last notice.
    private readonly Dictionary<long, bool> _changes = [];
    private TaskCompletionSource _changed = New();
    private Task _running = Task.CompletedTask;
    private long _sequence;

    public ModelHostReports(ModelMemory memory, ModelCopies copies, NodeNotices notices, TimeProvider time, ILogger<ModelHostReports> logger)
    {
        (_memory, _copies, _notices, _time, _logger) = (memory, copies, notices, time, logger);
        memory.Changed += OnChanged;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(Task.Run(ReportAsync, CancellationToken.None), Task.Run(TendAsync, CancellationToken.None));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _running;
    }

    public WorkerModels Describe()
    {
        // The number first: what changes after it is told again by a later notice.
        var sequence = Interlocked.Read(ref _sequence);
        return new WorkerModels { Host = _memory.Describe(), Models = _memory.List(), Incarnation = _incarnation, Sequence = sequence };
    }

    public void Dispose()
    {
        _memory.Changed -= OnChanged;
        _stop.Dispose();
    }

    private void OnChanged(long generation, bool isLoaded)
    {
        lock (_gate)
        {
            _changes[generation] = isLoaded;
            _changed.TrySetResult();
        }
    }

    private async Task ReportAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _notices.PushAsync(ServingTopics.Hosts, JsonSerializer.Serialize(Next(), OdlJson.Options));
            }
            catch (Exception error) when (!_stop.IsCancellationRequested)
            {
                LogNotTold(error);
            }

            await Task.WhenAny(_changed.Task, Task.Delay(Every, _time, _stop.Token));
        }
    }

    private ModelHostNotice Next()
    {
        // The memory tells of changes under its own lock: it is never asked under this one.
        var host = _memory.Describe();
        lock (_gate)
        {
            var notice = new ModelHostNotice
            {
                Incarnation = _incarnation,
                Sequence = ++_sequence,
                Host = host,
                Loaded = [.. _changes.Where(change => change.Value).Select(change => change.Key)],
                Gone = [.. _changes.Where(change => !change.Value).Select(change => change.Key)],
            };
            _changes.Clear();
            _changed = New();
            return notice;
        }
    }

    private async Task TendAsync()
    {
        using var timer = new PeriodicTimer(Tending, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                await _memory.TendAsync();
                await _copies.TendAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Warning, "The servers could not be told what is loaded here; they are told again in two seconds")]
    private partial void LogNotTold(Exception exception);

    [LoggerMessage(LogLevel.Debug, "Stopped looking after the models")]
    private partial void LogStopped();
}
