namespace OrleansDL.Datasets;

/// <summary>How evenly rows are shared out among a column's values.</summary>
[GenerateSerializer, Immutable, Alias("label-balance")]
public sealed record LabelBalance
{
    [Id(0)] public required int Classes { get; init; }

    /// <summary>Share of the rarest and of the most frequent value, between 0 and 1.</summary>
    [Id(1)] public required double SmallestShare { get; init; }
    [Id(2)] public required double LargestShare { get; init; }

    /// <summary>Entropy of the shares as a part of the greatest there could be: 1 is even, 0 is all one value.</summary>
    [Id(3)] public required double Evenness { get; init; }
}
