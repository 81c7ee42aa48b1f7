namespace OrleansDL.Serving.Batching;

/// <summary>
/// Learns whether waiting for company pays: how far apart requests come, and which part of an execution's time does not depend on
/// its rows. A request that comes within that part saves more than the others lose by waiting for it.
/// </summary>
/// <remarks>Both are means that forget: an execution by 2%, an arrival by 5%. Not safe for several threads.</remarks>
internal sealed class AdaptiveDelay(TimeSpan greatest)
{
    private const double ExecutionMemory = 0.98;
    private const double ArrivalMemory = 0.95;

    private TimeSpan? _last;
    private double _gap = double.PositiveInfinity;
    private double _weight;
    private double _rows;
    private double _time;
    private double _rowsSquared;
    private double _rowsTime;

    /// <summary>How long the oldest request should wait now.</summary>
    public TimeSpan Current => FixedSeconds is var seconds && _gap < seconds ? TimeSpan.FromSeconds(Math.Min(seconds, greatest.TotalSeconds)) : TimeSpan.Zero;

    /// <summary>Seconds an execution takes beyond what its rows take: the intercept of the least-squares line.</summary>
    private double FixedSeconds
    {
        get
        {
            var spread = (_weight * _rowsSquared) - (_rows * _rows);

            // All executions of one size tell nothing of the line: half of their time is taken for fixed.
            return spread <= 1e-9 * _rowsSquared * _weight
                ? _weight > 0 ? _time / _weight / 2 : 0
                : Math.Max(0, ((_rowsSquared * _time) - (_rows * _rowsTime)) / spread);
        }
    }

    public void OnArrival(TimeSpan now)
    {
        if (_last is { } last)
        {
            var gap = (now - last).TotalSeconds;
            _gap = double.IsPositiveInfinity(_gap) ? gap : (ArrivalMemory * _gap) + ((1 - ArrivalMemory) * gap);
        }

        _last = now;
    }

    public void OnExecution(int rows, TimeSpan took)
    {
        var seconds = took.TotalSeconds;
        _weight = (ExecutionMemory * _weight) + 1;
        _rows = (ExecutionMemory * _rows) + rows;
        _time = (ExecutionMemory * _time) + seconds;
        _rowsSquared = (ExecutionMemory * _rowsSquared) + ((double)rows * rows);
        _rowsTime = (ExecutionMemory * _rowsTime) + (rows * seconds);
    }
}
