using System.Globalization;
using System.Runtime.CompilerServices;

namespace OrleansDL.Training;

/// <summary>Training runs of the client's project.</summary>
public sealed class TrainingRunsClient
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan LogPatience = TimeSpan.FromSeconds(20);

    private readonly OdlConnection _http;

    internal TrainingRunsClient(OdlConnection http) => _http = http;

    /// <summary>Newest first.</summary>
    public IAsyncEnumerable<TrainingRun> ListAsync(RunStatus? status = null, CancellationToken cancellationToken = default) =>
        _http.ListAsync<TrainingRun>(OdlConnection.Query(Root, ("status", status?.ToString())), cancellationToken);

    /// <summary>Makes a run and queues it.</summary>
    public Task<TrainingRun> CreateAsync(TrainingSpec spec, CancellationToken cancellationToken = default) => spec.Selection is null
        ? _http.PostAsync<TrainingRun>(Root, spec, cancellationToken)
        : _http.PostPatientlyAsync<TrainingRun>(Root, spec, cancellationToken);

    /// <summary>Checks a spec as creation would, creating nothing, and shows the network that it would train.</summary>
    public Task<TrainingCheck> CheckAsync(TrainingSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<TrainingCheck>($"{Root}/check", spec, cancellationToken);

    public Task<TrainingRun> GetAsync(string run, CancellationToken cancellationToken = default) =>
        _http.GetAsync<TrainingRun>(Of(run), cancellationToken);

    /// <summary>Stops the run at its next step.</summary>
    public Task<TrainingRun> CancelAsync(string run, CancellationToken cancellationToken = default) =>
        _http.PostAsync<TrainingRun>($"{Of(run)}/cancel", null, cancellationToken);

    /// <summary>Lets the run write a checkpoint and give its slots back, until it is resumed.</summary>
    public Task<TrainingRun> PauseAsync(string run, CancellationToken cancellationToken = default) =>
        _http.PostAsync<TrainingRun>($"{Of(run)}/pause", null, cancellationToken);

    /// <summary>Queues a paused run again.</summary>
    public Task<TrainingRun> ResumeAsync(string run, CancellationToken cancellationToken = default) =>
        _http.PostAsync<TrainingRun>($"{Of(run)}/resume", null, cancellationToken);

    /// <summary>Changes a run's priority; higher goes first.</summary>
    public Task<TrainingRun> SetPriorityAsync(string run, int priority, CancellationToken cancellationToken = default) =>
        _http.PostAsync<TrainingRun>($"{Of(run)}/priority", new PriorityChange { Priority = priority }, cancellationToken);

    /// <summary>Puts a waiting run directly before or behind another one.</summary>
    public Task<TrainingRun> MoveAsync(string run, RunMove move, CancellationToken cancellationToken = default) =>
        _http.PostAsync<TrainingRun>($"{Of(run)}/move", move, cancellationToken);

    /// <summary>Metric points in order of step; <paramref name="name"/> null for all metrics.</summary>
    public IAsyncEnumerable<MetricPoint> ListMetricsAsync(string run, string? name = null, CancellationToken cancellationToken = default) =>
        _http.ListAsync<MetricPoint>(OdlConnection.Query($"{Of(run)}/metrics", ("name", name)), cancellationToken);

    public IAsyncEnumerable<LogLine> ListLogsAsync(string run, CancellationToken cancellationToken = default) =>
        _http.ListAsync<LogLine>($"{Of(run)}/logs", cancellationToken);

    /// <summary>What the run has written and writes, line by line as it comes, until the run has ended.</summary>
    public async IAsyncEnumerable<LogLine> FollowLogsAsync(string run, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? token = null;
        var ended = false;
        while (true)
        {
            var wait = (ended ? 0 : LogPatience.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            var page = await _http.GetAsync<Page<LogLine>>(
                OdlConnection.Query($"{Of(run)}/logs", ("waitSeconds", wait), ("pageToken", token)), cancellationToken);
            foreach (var line in page.Items)
            {
                yield return line;
            }

            token = page.NextPageToken;
            if (page.Items.Count == 0)
            {
                if (ended)
                {
                    yield break;
                }

                // Once more after its end: what it wrote last came between the two questions.
                ended = (await GetAsync(run, cancellationToken)).Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled;
            }
        }
    }

    /// <summary>The checkpoints that are kept, oldest first.</summary>
    public IAsyncEnumerable<Checkpoint> ListCheckpointsAsync(string run, CancellationToken cancellationToken = default) =>
        _http.ListAsync<Checkpoint>($"{Of(run)}/checkpoints", cancellationToken);

    /// <summary>One file of the run's artifact, for example <c>model.onnx</c> or <c>charts/loss.svg</c>.</summary>
    public Task<Stream> DownloadAsync(string run, string file, CancellationToken cancellationToken = default) =>
        _http.OpenAsync($"{Of(run)}/artifact/{OdlConnection.EscapePath(file)}", cancellationToken);

    /// <summary>Waits until the run has ended, and answers how.</summary>
    public async Task<TrainingRun> WaitAsync(string run, IProgress<TrainingRun>? progress = null, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var now = await GetAsync(run, cancellationToken);
            progress?.Report(now);
            if (now.Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled)
            {
                return now;
            }

            await Task.Delay(Glance, _http.Time, cancellationToken);
        }
    }

    private string Root => $"{_http.Project}/training-runs";
    private string Of(string run) => $"{Root}/{OdlConnection.Escape(run)}";
}
