using OrleansDL.Serving;

namespace OrleansDL.Telemetry;

/// <summary>One of a series' slots to record in. Its lock is held for well under a microsecond, and only threads of one core share it.</summary>
internal sealed class ServingStripe(ServingSeries series)
{
    private readonly Lock _lock = new();
    private readonly List<NodeWindow> _past = [];
    private NodeWindow? _current;
    private bool _closed;

    /// <returns>False: the series is closed, and another must be found.</returns>
    public bool Answer(ServingClock clock, TimeSpan latency, ReadOnlySpan<LabelScore> top)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            Window(clock.WindowStart()).Answer(latency, top);
            return true;
        }
    }

    /// <returns>False: the series is closed, and another must be found.</returns>
    public bool Text(ServingClock clock, TimeSpan first, TimeSpan whole, int tokens)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            Window(clock.WindowStart()).Text(first, whole, tokens);
            return true;
        }
    }

    /// <returns>False: the series is closed, and another must be found.</returns>
    public bool Error(ServingClock clock, int status)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            Window(clock.WindowStart()).Error(status);
            return true;
        }
    }

    /// <returns>False: the series is closed, and another must be found.</returns>
    public bool Shadow(ServingClock clock, Action<NodeShadow> record)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            record(Window(clock.WindowStart()).AsShadow());
            return true;
        }
    }

    public void Drain(List<NodeWindow> into, bool close)
    {
        lock (_lock)
        {
            into.AddRange(_past);
            _past.Clear();
            if (_current is not null)
            {
                into.Add(_current);
                _current = null;
            }

            _closed |= close;
        }
    }

    private NodeWindow Window(DateTimeOffset start)
    {
        if (_current is null || _current.Start != start)
        {
            if (_current is not null)
            {
                _past.Add(_current);
            }

            _current = new NodeWindow(series, start);
        }

        return _current;
    }
}
