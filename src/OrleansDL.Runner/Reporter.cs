using System.Threading.Channels;
using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>Carries what the training thread says to the worker, about twice a second. Training never waits for it.</summary>
internal sealed class Reporter(WorkerSocket worker, int attempt, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private readonly Channel<(IReadOnlyList<MetricPoint> Metrics, RunProgress? Progress, string? Line)> _said =
        Channel.CreateUnbounded<(IReadOnlyList<MetricPoint>, RunProgress?, string?)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sequence;

    public void Progress(IReadOnlyList<MetricPoint> metrics, RunProgress progress) => _said.Writer.TryWrite((metrics, progress, null));

    public void Metrics(IReadOnlyList<MetricPoint> metrics) => _said.Writer.TryWrite((metrics, null, null));

    public void Log(string line) => _said.Writer.TryWrite(([], null, line));

    /// <summary>Nothing more is said: <see cref="RunAsync"/> sends the rest and ends.</summary>
    public void Complete()
    {
        _said.Writer.TryComplete();
        _completed.TrySetResult();
    }

    public async Task RunAsync()
    {
        while (await _said.Reader.WaitToReadAsync())
        {
            await SendAsync(Take());
            await Task.WhenAny(Task.Delay(Interval, time), _completed.Task);
        }
    }

    private RunReport Take()
    {
        List<MetricPoint> metrics = [];
        List<string> log = [];
        RunProgress? progress = null;
        while (_said.Reader.TryRead(out var said))
        {
            metrics.AddRange(said.Metrics);
            progress = said.Progress ?? progress;
            if (said.Line is not null)
            {
                log.Add(said.Line);
            }
        }

        return new RunReport { Attempt = attempt, Sequence = ++_sequence, Metrics = metrics, Log = log, Progress = progress };
    }

    private Task SendAsync(RunReport report) => Delivery.SendAsync(() => worker.PostMetricsAsync(report), time);
}
