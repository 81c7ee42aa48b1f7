namespace OrleansDL.Monitoring;

/// <summary>What feedback says of a version's answers, by the time they were given.</summary>
[GenerateSerializer, Immutable, Alias("feedback-window")]
public sealed record FeedbackWindow
{
    /// <summary>Rows with feedback.</summary>
    [Id(0)] public required long Count { get; init; }

    /// <summary>Rows whose answered label is known too, so that it could be judged.</summary>
    [Id(1)] public required long Judged { get; init; }

    /// <summary>Of these, how many labels were right.</summary>
    [Id(2)] public required long Correct { get; init; }

    /// <summary>Part of the judged labels that were right; null without any.</summary>
    [Id(3)] public double? Accuracy { get; init; }

    /// <summary>Rows whose answered number is known too.</summary>
    [Id(4)] public long Measured { get; init; }

    /// <summary>Mean distance of the answered numbers from the right ones; null without any.</summary>
    [Id(5)] public double? MeanAbsoluteError { get; init; }

    /// <summary>Square root of their mean squared distance; null without any.</summary>
    [Id(6)] public double? RootMeanSquaredError { get; init; }
}
