namespace OrleansDL.Monitoring;

/// <summary>What the right answer to one row of an inference would have been.</summary>
[GenerateSerializer, Immutable, Alias("inference-feedback")]
public sealed record InferenceFeedback
{
    /// <summary>The id that came with the answer.</summary>
    [Id(0)] public required Guid InferenceId { get; init; }

    /// <summary>Which row of the request, counted from 0.</summary>
    [Id(1)] public int Row { get; init; }

    /// <summary>The right label; either this or <see cref="Value"/>.</summary>
    [Id(2)] public string? Label { get; init; }

    /// <summary>The right number.</summary>
    [Id(3)] public double? Value { get; init; }

    /// <summary>The label that was answered: with it the answer is judged. Null keeps what was told before.</summary>
    [Id(4)] public string? AnsweredLabel { get; init; }

    /// <summary>The number that was answered: with it the answer is judged. Null keeps what was told before.</summary>
    [Id(5)] public double? AnsweredValue { get; init; }

    /// <summary>When this became known; null: now. Of two for the same row the later one counts.</summary>
    [Id(6)] public DateTimeOffset? At { get; init; }
}
