using System.Runtime.InteropServices;
using OrleansDL.Serving;

namespace OrleansDL.Telemetry;

/// <summary>What one generation of a deployment did in one window on one node. Not safe for several threads at once.</summary>
public sealed class NodeWindow(ServingSeries series, DateTimeOffset start)
{
    /// <summary>Distinct labels counted by name in one window; the others are counted together under <see cref="OtherLabels"/>.</summary>
    public const int MaximumLabels = 4096;

    public const string OtherLabels = "(other)";

    private readonly Dictionary<string, long> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> _statuses = [];

    public ServingSeries Series { get; } = series;
    public DateTimeOffset Start { get; } = start;

    /// <summary>Requests, refused ones included.</summary>
    public long Requests { get; private set; }

    /// <summary>Requests that were refused.</summary>
    public long Errors { get; private set; }

    /// <summary>Seconds from arrival to answer of the requests that were answered.</summary>
    public DDSketch Latency { get; } = new();

    /// <summary>Probability of the answered label, per row.</summary>
    public DDSketch Confidence { get; } = new();

    /// <summary>Tokens added to texts.</summary>
    public long Tokens { get; private set; }

    /// <summary>Seconds from the arrival of a request to the first token of its text.</summary>
    public DDSketch FirstToken { get; } = new();

    /// <summary>Tokens a second of each text, after its first.</summary>
    public DDSketch TokenRate { get; } = new();

    /// <summary>What it did as a shadow; null: it was none.</summary>
    public NodeShadow? Shadow { get; private set; }

    /// <summary>How often each label was the answer.</summary>
    public IReadOnlyDictionary<string, long> Labels => _labels;

    /// <summary>How often each HTTP status was the refusal.</summary>
    public IReadOnlyDictionary<int, long> Statuses => _statuses;

    /// <summary>Grows with every merge, so that a writer can tell whether what it wrote is still all there is.</summary>
    internal long Revision { get; private set; }

    internal long WrittenRevision { get; set; }

    internal void Answer(TimeSpan latency, ReadOnlySpan<LabelScore> top)
    {
        Requests++;
        Latency.Add(latency.TotalSeconds);
        foreach (var (label, score) in top)
        {
            Count(label, 1);
            Confidence.Add(score);
        }
    }

    internal void Text(TimeSpan first, TimeSpan whole, int tokens)
    {
        Tokens += tokens;
        FirstToken.Add(first.TotalSeconds);
        if (tokens > 1 && whole > first)
        {
            TokenRate.Add((tokens - 1) / (whole - first).TotalSeconds);
        }
    }

    internal NodeShadow AsShadow() => Shadow ??= new NodeShadow();

    internal void Error(int status)
    {
        Requests++;
        Errors++;
        CollectionsMarshal.GetValueRefOrAddDefault(_statuses, status, out _)++;
    }

    internal void Merge(NodeWindow other)
    {
        Requests += other.Requests;
        Errors += other.Errors;
        Latency.Merge(other.Latency);
        Confidence.Merge(other.Confidence);
        Tokens += other.Tokens;
        FirstToken.Merge(other.FirstToken);
        TokenRate.Merge(other.TokenRate);
        if (other.Shadow is { } shadow)
        {
            AsShadow().Merge(shadow);
        }

        foreach (var (label, count) in other._labels)
        {
            Count(label, count);
        }

        foreach (var (status, count) in other._statuses)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_statuses, status, out _) += count;
        }

        Revision++;
    }

    private void Count(string label, long count)
    {
        if (_labels.Count >= MaximumLabels && !_labels.ContainsKey(label))
        {
            label = OtherLabels;
        }

        CollectionsMarshal.GetValueRefOrAddDefault(_labels, label, out _) += count;
    }
}
