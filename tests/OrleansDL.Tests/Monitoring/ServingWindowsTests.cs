using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OrleansDL.Serving;
using OrleansDL.Telemetry;

namespace OrleansDL.Tests.Monitoring;

public sealed class ServingWindowsTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 8, 7, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ServingWindows _windows;

    public ServingWindowsTests() => _windows = new ServingWindows(_time, _services.GetRequiredService<IMeterFactory>());

    [Fact]
    public void Answers_fall_into_windows_of_ten_seconds_per_generation()
    {
        Answer(Routes.Digits(1), "7");
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Answer(Routes.Digits(1), "7");
        Answer(Routes.Digits(2), "3");
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Answer(Routes.Digits(2), "1");

        var windows = _windows.Collect().OrderBy(window => window.Start).ThenBy(window => window.Series.Generation).ToList();

        Assert.Equal(
            [(Start, 1, 2), (Start, 2, 1), (Start.AddSeconds(10), 2, 1)],
            windows.Select(window => (window.Start, (int)window.Series.Generation, (int)window.Requests)));
        Assert.Equal(2, windows[0].Labels["7"]);
        Assert.Equal(0.001, windows[0].Latency.Quantile(0.5)!.Value, 0.00002);
        Assert.Equal(0.9, windows[0].Confidence.Mean!.Value, 1e-9);
    }

    [Fact]
    public void A_window_is_handed_out_whole_until_it_is_confirmed()
    {
        Answer(Routes.Digits(1), "7");
        var first = Assert.Single(_windows.Collect());
        Assert.Equal(1, first.Requests);

        Answer(Routes.Digits(1), "7");
        var unconfirmed = Assert.Single(_windows.Collect());
        Assert.Equal(2, unconfirmed.Requests);

        _windows.Confirm([unconfirmed]);
        Assert.Empty(_windows.Collect());

        Answer(Routes.Digits(1), "7");
        Assert.Equal(3, Assert.Single(_windows.Collect()).Requests);
    }

    [Fact]
    public void A_window_written_for_the_last_time_is_not_begun_anew_when_the_clock_is_set_back()
    {
        Answer(Routes.Digits(1), "7");
        _windows.Confirm(_windows.Collect());
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(_windows.Collect());

        _time.AdjustTime(Start);
        Answer(Routes.Digits(1), "7");

        Assert.Equal(Start.AddSeconds(50), Assert.Single(_windows.Collect()).Start);
    }

    [Fact]
    public void Errors_are_requests_counted_by_status_and_leave_latency_alone()
    {
        Answer(Routes.Digits(1), "7");
        _windows.OnError(Routes.Digits(1), Millisecond, 400);
        _windows.OnError(Routes.Digits(1), Millisecond, 503);
        _windows.OnError(Routes.Digits(1), Millisecond, 503);

        var window = Assert.Single(_windows.Collect());

        Assert.Equal((4, 3, 1), (window.Requests, window.Errors, window.Latency.Count));
        Assert.Equal(new Dictionary<int, long> { [400] = 1, [503] = 2 }, window.Statuses);
    }

    [Fact]
    public async Task Nothing_is_lost_while_many_record_and_one_collects()
    {
        const int Writers = 8;
        const int Each = 20_000;
        using var done = new CancellationTokenSource();
        var counted = 0L;
        var labels = 0L;
        void Gather()
        {
            var windows = _windows.Collect();
            _windows.Confirm(windows);
            _time.Advance(TimeSpan.FromSeconds(11));
            foreach (var window in windows.Where(window => !_seen.Contains(window)))
            {
                _seen.Add(window);
            }

            counted = _seen.Sum(window => window.Requests);
            labels = _seen.Sum(window => window.Labels.Values.Sum());
        }

        var collector = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                Gather();
            }
        });
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            for (var request = 0; request < Each; request++)
            {
                Answer(Routes.Digits(request % 3), "7");
            }
        })));
        await done.CancelAsync();
        await collector;
        Gather();

        Assert.Equal(Writers * Each, counted);
        Assert.Equal(Writers * Each, labels);
    }

    [Fact]
    public void Labels_without_end_are_counted_together()
    {
        for (var label = 0; label < NodeWindow.MaximumLabels + 10; label++)
        {
            Answer(Routes.Digits(1), $"label {label}");
        }

        var window = Assert.Single(_windows.Collect());

        Assert.InRange(window.Labels.Count, NodeWindow.MaximumLabels, NodeWindow.MaximumLabels + 1);
        Assert.Equal(NodeWindow.MaximumLabels + 10, window.Labels.Values.Sum());
        Assert.InRange(window.Labels[NodeWindow.OtherLabels], 1, 10);
    }

    public void Dispose() => _services.Dispose();

    private readonly HashSet<NodeWindow> _seen = new(ReferenceEqualityComparer.Instance);

    private void Answer(Route route, string label) => _windows.OnAnswer(route, Millisecond, [new LabelScore(label, 0.9)]);
}
