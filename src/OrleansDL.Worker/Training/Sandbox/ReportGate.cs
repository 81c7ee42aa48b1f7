using System.Globalization;

namespace OrleansDL.Training.Sandbox;

/// <summary>Lets through what user code reports at a pace that harms nobody, and says in the run's log what it held back. The run goes on.</summary>
/// <param name="time">The time.</param>
internal sealed class ReportGate(TimeProvider time)
{
    /// <summary>Metric points a second, over a longer time.</summary>
    public const int PointsPerSecond = 1000;

    /// <summary>Metric points at once, after a time of silence.</summary>
    public const int Burst = 10_000;

    /// <summary>Metric points of one attempt.</summary>
    public const int MaximumPoints = 1_000_000;

    /// <summary>Names of metrics of one attempt.</summary>
    public const int MaximumNames = 1000;

    private const int MaximumName = 200;
    private const long SayAgainFrom = 1000;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _last = time.GetTimestamp();
    private double _allowance = Burst;
    private long _taken;
    private long _held;
    private long _said;

    /// <summary>What is left of a report.</summary>
    /// <param name="report">As the program sent it.</param>
    /// <param name="line">What is kept of a log line; null when the log is full.</param>
    public RunReport Take(RunReport report, Func<string, string?> line)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _allowance = Math.Min(Burst, _allowance + (time.GetElapsedTime(_last, now).TotalSeconds * PointsPerSecond));
            _last = now;
            var points = report.Metrics.Where(IsTaken).ToList();
            _held += report.Metrics.Count - points.Count;
            var log = report.Log.Where(text => text is not null).Select(line).OfType<string>().ToList();
            if (_held > 0 && (_said == 0 || _held >= _said * 10))
            {
                _said = Math.Max(_held, SayAgainFrom);
                log.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The program reports more than is taken ({PointsPerSecond} metric points a second, {MaximumPoints} in all, {MaximumNames} names of {MaximumName} characters at most): {_held} points were dropped so far."));
            }

            return report with { Metrics = points, Log = log };
        }
    }

    private bool IsTaken(MetricPoint point)
    {
        if (point?.Name is not { Length: > 0 and <= MaximumName } name || _allowance < 1 || _taken >= MaximumPoints || name.Contains('\0', StringComparison.Ordinal)
            || (!_names.Contains(name) && _names.Count >= MaximumNames))
        {
            return false;
        }

        _names.Add(name);
        _allowance--;
        _taken++;
        return true;
    }
}
