using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace OrleansDL.Tests.Harness;

/// <summary>Asks deployments of points one request after another, until it is disposed; every answer but 200 is a failure.</summary>
internal sealed class SteadyRequests : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Task[] _asking;
    private long _answered;
    private long _slowest;

    /// <param name="api">The server.</param>
    /// <param name="deployments">Two requests at a time are made of each.</param>
    public SteadyRequests(Api api, params string[] deployments) =>
        _asking = [.. deployments.SelectMany(deployment => Enumerable.Repeat(deployment, 2)).Select(deployment => Task.Run(() => AskAsync(api, deployment)))];

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>The longest that a request took.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(Volatile.Read(ref _slowest));

    /// <summary>Waits until so many more were answered.</summary>
    public Task AnsweredAsync(int more)
    {
        var until = Volatile.Read(ref _answered) + more;
        return Eventually.TrueAsync("answers", () => Task.FromResult(Volatile.Read(ref _answered) >= until || !_failures.IsEmpty), TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_asking);
        _stop.Dispose();
    }

    private async Task AskAsync(Api api, string deployment)
    {
        while (!_stop.IsCancellationRequested)
        {
            var watch = Stopwatch.StartNew();
            using var body = JsonContent.Create(new { rows = new[] { new { x = 0.5, y = 0.5 } } });
            var (status, answer) = await api.TryAsync(HttpMethod.Post, $"{Scenario.Project}/deployments/{deployment}/predict", body);
            if (status is not HttpStatusCode.OK)
            {
                _failures.Enqueue($"{deployment}: {(int)status} {answer}");
            }

            Interlocked.Increment(ref _answered);
            InterlockedMax(watch.Elapsed.Ticks);

            // A load, not a flood: the runs and the other tests share these cores.
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }
    }

    private void InterlockedMax(long ticks)
    {
        for (var seen = Volatile.Read(ref _slowest); ticks > seen; seen = Volatile.Read(ref _slowest))
        {
            Interlocked.CompareExchange(ref _slowest, ticks, seen);
        }
    }
}
