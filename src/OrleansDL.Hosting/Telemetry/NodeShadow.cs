namespace OrleansDL.Telemetry;

/// <summary>What a generation did as a shadow in one window on one node.</summary>
public sealed class NodeShadow
{
    /// <summary>Answers compared with those that callers got.</summary>
    public long Compared { get; private set; }

    public long Agreed { get; private set; }

    /// <summary>Requests it failed to answer.</summary>
    public long Failed { get; private set; }

    /// <summary>Requests it was not asked, because too many waited.</summary>
    public long Dropped { get; private set; }

    /// <summary>Seconds of its answers.</summary>
    public DDSketch Latency { get; } = new();

    /// <summary>Greatest difference of each answer's numbers, as a part of the greatest number of their tensor.</summary>
    public DDSketch Difference { get; } = new();

    internal void Compare(TimeSpan latency, bool agrees, double? difference)
    {
        Compared++;
        Agreed += agrees ? 1 : 0;
        Latency.Add(latency.TotalSeconds);
        if (difference is { } known)
        {
            Difference.Add(known);
        }
    }

    internal void Fail() => Failed++;

    internal void Drop() => Dropped++;

    internal void Merge(NodeShadow other)
    {
        Compared += other.Compared;
        Agreed += other.Agreed;
        Failed += other.Failed;
        Dropped += other.Dropped;
        Latency.Merge(other.Latency);
        Difference.Merge(other.Difference);
    }
}
