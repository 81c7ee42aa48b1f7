using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using OrleansDL.Serving;

namespace OrleansDL.Telemetry;

/// <summary>What this node's front has served, in windows of ten seconds per deployment and generation.</summary>
/// <remarks>
/// Recording touches only a stripe of its core. <see cref="Collect"/> gathers the stripes; a window is handed out with everything it
/// holds so far, again and again until it is closed and confirmed, so a writer only ever replaces a row and a failed write loses nothing.
/// </remarks>
public sealed class ServingWindows : IServingObserver, IShadowObserver
{
    /// <summary>Length of a window.</summary>
    public static readonly TimeSpan Length = ServingClock.Window;

    /// <summary>Windows held while the database cannot be reached; over it the oldest are given up.</summary>
    public const int MaximumHeld = 8640;

    private static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(Guid Deployment, long Generation), ServingSeries> _series = [];
    private readonly Dictionary<(Guid Deployment, long Generation, DateTimeOffset Start), NodeWindow> _held = [];
    private readonly Lock _collecting = new();
    private readonly ServingClock _clock;
    private readonly ServingMetrics _metrics;
    private readonly TimeProvider _time;

    public ServingWindows(TimeProvider time, IMeterFactory meters)
    {
        _time = time;
        _clock = new ServingClock(time);
        _metrics = new ServingMetrics(meters);
    }

    /// <summary>Windows given up because there were too many to hold.</summary>
    public long GivenUp { get; private set; }

    public void OnAnswer(Route route, TimeSpan latency, ReadOnlySpan<LabelScore> top)
    {
        ServingSeries series;
        do
        {
            series = SeriesOf(route);
        }
        while (!series.Stripe.Answer(_clock, latency, top));
        _metrics.OnAnswer(series.Tags, latency);
    }

    public void OnText(Route route, TimeSpan first, TimeSpan whole, int tokens)
    {
        ServingSeries series;
        do
        {
            series = SeriesOf(route);
        }
        while (!series.Stripe.Text(_clock, first, whole, tokens));
        _metrics.OnText(series.Tags, first, whole, tokens);
    }

    public void OnError(Route route, TimeSpan latency, int status)
    {
        ServingSeries series;
        do
        {
            series = SeriesOf(route);
        }
        while (!series.Stripe.Error(_clock, status));
        _metrics.OnError(series.Tags, status);
    }

    public void OnCompared(Route shadow, TimeSpan latency, bool agrees, double? difference)
    {
        var tags = Record(shadow, known => known.Compare(latency, agrees, difference));
        _metrics.OnShadow(tags, agrees ? "agreed" : "differed", difference);
    }

    public void OnFailed(Route shadow) => _metrics.OnShadow(Record(shadow, static known => known.Fail()), "failed", null);

    public void OnDropped(Route shadow) => _metrics.OnShadow(Record(shadow, static known => known.Drop()), "dropped", null);

    /// <summary>The windows that hold something that was not confirmed yet, oldest first. Not to be called again before they are written.</summary>
    public IReadOnlyList<NodeWindow> Collect()
    {
        lock (_collecting)
        {
            var floor = _clock.RaiseFloor();
            var drained = new List<NodeWindow>();
            foreach (var (key, series) in _series)
            {
                Drain(key, series, drained);
            }

            foreach (var window in drained)
            {
                Hold(window);
            }

            foreach (var (key, window) in _held.Where(held => held.Key.Start < floor && held.Value.WrittenRevision == held.Value.Revision).ToList())
            {
                _held.Remove(key);
            }

            GiveUpOldest();
            return [.. _held.Values.Where(window => window.WrittenRevision < window.Revision).OrderBy(window => window.Start)];
        }
    }

    /// <summary>Says that collected windows are in the database.</summary>
    public void Confirm(IEnumerable<NodeWindow> windows)
    {
        lock (_collecting)
        {
            foreach (var window in windows)
            {
                window.WrittenRevision = window.Revision;
            }
        }
    }

    private ServingTags Record(Route shadow, Action<NodeShadow> record)
    {
        ServingSeries series;
        do
        {
            series = SeriesOf(shadow);
        }
        while (!series.Stripe.Shadow(_clock, record));
        return series.Tags;
    }

    private ServingSeries SeriesOf(Route route)
    {
        var key = (route.Deployment, route.Generation ?? 0);
        return _series.TryGetValue(key, out var series) ? series : _series.GetOrAdd(key, static (_, route) => new ServingSeries(route), route);
    }

    private void Drain((Guid Deployment, long Generation) key, ServingSeries series, List<NodeWindow> drained)
    {
        var before = drained.Count;
        series.Drain(drained);
        var now = _time.GetUtcNow();
        if (drained.Count > before || series.LastUsed == default)
        {
            series.LastUsed = now;
        }
        else if (now - series.LastUsed > ForgetAfter)
        {
            series.Close(drained);
            _series.TryRemove(key, out _);
        }
    }

    private void Hold(NodeWindow window)
    {
        var key = (window.Series.Deployment, window.Series.Generation, window.Start);
        if (!_held.TryGetValue(key, out var held))
        {
            held = _held[key] = new NodeWindow(window.Series, window.Start);
        }

        held.Merge(window);
    }

    private void GiveUpOldest()
    {
        foreach (var (key, _) in _held.OrderBy(held => held.Key.Start).Take(_held.Count - MaximumHeld).ToList())
        {
            _held.Remove(key);
            GivenUp++;
        }
    }
}
