namespace OrleansDL.Monitoring;

/// <summary>Feedback for several inferences: all of it is taken, or none.</summary>
[GenerateSerializer, Immutable, Alias("feedback-batch")]
public sealed record FeedbackBatch
{
    /// <summary>Most items of one batch.</summary>
    public const int MaximumItems = 1000;

    /// <summary>1 to 1000.</summary>
    [Id(0)] public required IReadOnlyList<InferenceFeedback> Items { get; init; }
}
