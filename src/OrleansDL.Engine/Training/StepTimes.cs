namespace OrleansDL.Training;

/// <summary>Where the time of steps goes, by part. On a GPU, work is counted where the processor waits for it.</summary>
internal sealed class StepTimes(TimeProvider time)
{
    public const string Data = "data";
    public const string Forward = "forward";
    public const string Backward = "backward";
    public const string Optimizer = "optimizer";
    public const string Sync = "sync";
    public const string Checkpoint = "checkpoint";

    private readonly SortedDictionary<string, TimeSpan> _parts = new(StringComparer.Ordinal);
    private long _from;
    private long _steps;

    /// <summary>A part begins now.</summary>
    public void Start() => _from = time.GetTimestamp();

    /// <summary>What ran since the last call is of this part.</summary>
    public void Add(string part)
    {
        var now = time.GetTimestamp();
        _parts[part] = _parts.GetValueOrDefault(part) + time.GetElapsedTime(_from, now);
        _from = now;
    }

    public void EndStep() => _steps++;

    /// <summary>Mean seconds per step of each part since the last time it was asked.</summary>
    public IReadOnlyList<(string Part, double Seconds)> Take()
    {
        var means = _steps == 0 ? [] : _parts.Select(part => (part.Key, part.Value.TotalSeconds / _steps)).ToList();
        _parts.Clear();
        _steps = 0;
        return means;
    }
}
