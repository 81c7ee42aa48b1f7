using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansDL.Telemetry;

namespace OrleansDL.Monitoring;

/// <summary>Windows of several nodes, generations and tens of seconds becoming one of a model version.</summary>
internal sealed class WindowMerge(DateTimeOffset start, TimeSpan length, string model, long modelVersion)
{
    private readonly DDSketch _latency = new();
    private readonly DDSketch _confidence = new();
    private readonly Dictionary<string, long> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _statuses = new(StringComparer.Ordinal);
    private readonly DDSketch _firstToken = new();
    private readonly DDSketch _tokenRate = new();
    private readonly DDSketch _shadowLatency = new();
    private readonly DDSketch _shadowDifference = new();
    private (long Compared, long Agreed, long Failed, long Dropped) _shadow;
    private long _tokens;
    private long _requests;
    private long _errors;

    /// <summary>What feedback says; null without any.</summary>
    public FeedbackWindow? Feedback { get; set; }

    public void Add(WindowRow row)
    {
        _requests += row.Requests;
        _errors += row.Errors;
        _latency.Merge(DDSketch.FromBytes(row.Latency));
        _confidence.Merge(DDSketch.FromBytes(row.Confidence));
        _tokens += row.Tokens;
        Add(_firstToken, row.FirstToken);
        Add(_tokenRate, row.TokenRate);
        _shadow = (_shadow.Compared + row.ShadowCompared, _shadow.Agreed + row.ShadowAgreed, _shadow.Failed + row.ShadowFailed, _shadow.Dropped + row.ShadowDropped);
        Add(_shadowLatency, row.ShadowLatency);
        Add(_shadowDifference, row.ShadowDifference);
        Add(_labels, row.Labels);
        Add(_statuses, row.Statuses);
    }

    public ServingWindow ToWindow() => new()
    {
        Start = start,
        LengthSeconds = length.TotalSeconds,
        Model = model,
        ModelVersion = modelVersion,
        Requests = _requests,
        Errors = _errors,
        LatencyP50Seconds = _latency.Quantile(0.5),
        LatencyP95Seconds = _latency.Quantile(0.95),
        LatencyP99Seconds = _latency.Quantile(0.99),
        Labels = _labels,
        ConfidenceMean = _confidence.Mean,
        ConfidenceP05 = _confidence.Quantile(0.05),
        ConfidenceP50 = _confidence.Quantile(0.5),
        ErrorStatuses = _statuses,
        Tokens = _tokens,
        FirstTokenP50Seconds = _firstToken.Quantile(0.5),
        FirstTokenP95Seconds = _firstToken.Quantile(0.95),
        TokensPerSecondP50 = _tokenRate.Quantile(0.5),
        Shadow = Shadow(),
        Feedback = Feedback,
    };

    private ShadowWindow? Shadow() => _shadow is (0, 0, 0, 0) ? null : new ShadowWindow
    {
        Compared = _shadow.Compared,
        Agreed = _shadow.Agreed,
        Failed = _shadow.Failed,
        Dropped = _shadow.Dropped,
        LatencyP50Seconds = _shadowLatency.Quantile(0.5),
        LatencyP99Seconds = _shadowLatency.Quantile(0.99),
        DifferenceP50 = _shadowDifference.Quantile(0.5),
        DifferenceP99 = _shadowDifference.Quantile(0.99),
        DifferenceMaximum = _shadowDifference.Count == 0 ? null : _shadowDifference.Maximum,
    };

    private static void Add(DDSketch sum, byte[]? sketch)
    {
        if (sketch is not null)
        {
            sum.Merge(DDSketch.FromBytes(sketch));
        }
    }

    private static void Add(Dictionary<string, long> sums, string json)
    {
        foreach (var (key, count) in JsonSerializer.Deserialize<Dictionary<string, long>>(json, OdlJson.Options)!)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(sums, key, out _) += count;
        }
    }
}
