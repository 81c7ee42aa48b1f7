namespace OrleansDL.Monitoring;

/// <summary>What one deployment's version did in one 10-second window, over all nodes.</summary>
[GenerateSerializer, Immutable, Alias("serving-window")]
public sealed record ServingWindow
{
    [Id(0)] public required DateTimeOffset Start { get; init; }
    [Id(1)] public required double LengthSeconds { get; init; }
    [Id(2)] public required string Model { get; init; }
    [Id(3)] public required long ModelVersion { get; init; }
    [Id(4)] public required long Requests { get; init; }
    [Id(5)] public required long Errors { get; init; }
    [Id(6)] public double? LatencyP50Seconds { get; init; }
    [Id(7)] public double? LatencyP95Seconds { get; init; }
    [Id(8)] public double? LatencyP99Seconds { get; init; }

    /// <summary>How often each label was the answer.</summary>
    [Id(9)] public required IReadOnlyDictionary<string, long> Labels { get; init; }

    /// <summary>Mean probability of the answered label; null without labels.</summary>
    [Id(10)] public double? ConfidenceMean { get; init; }
    [Id(11)] public double? ConfidenceP05 { get; init; }
    [Id(12)] public double? ConfidenceP50 { get; init; }

    /// <summary>How often each HTTP status was the refusal.</summary>
    [Id(13)] public IReadOnlyDictionary<string, long> ErrorStatuses { get; init; } = new Dictionary<string, long>();

    /// <summary>Tokens added to texts.</summary>
    [Id(34)] public long Tokens { get; init; }

    /// <summary>From a request's arrival to the first token of its text; null without texts.</summary>
    [Id(35)] public double? FirstTokenP50Seconds { get; init; }
    [Id(36)] public double? FirstTokenP95Seconds { get; init; }

    /// <summary>Tokens a second of a text after its first; null without texts.</summary>
    [Id(37)] public double? TokensPerSecondP50 { get; init; }

    /// <summary>How the version did as a shadow; null when it was none.</summary>
    [Id(80)] public ShadowWindow? Shadow { get; init; }

    /// <summary>What feedback says of the version's answers; null without any.</summary>
    [Id(81)] public FeedbackWindow? Feedback { get; init; }
}
