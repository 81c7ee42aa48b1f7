namespace OrleansDL.Serving;

/// <summary>A version that is asked what callers asked others, beside their answers and after them: its answers are compared and recorded, and nobody gets them.</summary>
[GenerateSerializer, Immutable, Alias("shadow-spec")]
public sealed record ShadowSpec
{
    /// <summary>The version's number.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Percent of the requests that name no version, above 0 to 100, chosen by chance.</summary>
    [Id(1)] public double Percent { get; init; } = 100;

    /// <summary>Answers without labels agree when no number differs by more than this part of the greatest number of its tensor, 0 to 1. Answers with labels agree when the labels do.</summary>
    [Id(2)] public double Tolerance { get; init; } = 0.001;
}
