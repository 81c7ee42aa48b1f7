namespace OrleansDL.Monitoring;

/// <summary>Feedback, and the answer it is about.</summary>
[GenerateSerializer, Immutable, Alias("stored-feedback")]
public sealed record StoredFeedback
{
    [Id(0)] public required InferenceFeedback Feedback { get; init; }
    [Id(1)] public required Guid Deployment { get; init; }
    [Id(2)] public required string Model { get; init; }
    [Id(3)] public required long ModelVersion { get; init; }

    /// <summary>When the inference was answered.</summary>
    [Id(4)] public required DateTimeOffset AnsweredAt { get; init; }
}
