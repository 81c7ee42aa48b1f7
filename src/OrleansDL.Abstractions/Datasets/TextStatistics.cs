namespace OrleansDL.Datasets;

/// <summary>How long a column's texts are.</summary>
[GenerateSerializer, Immutable, Alias("text-statistics")]
public sealed record TextStatistics
{
    /// <summary>In Unicode code points.</summary>
    [Id(0)] public required LengthStatistics Characters { get; init; }

    /// <summary>In words: runs of anything but white space.</summary>
    [Id(1)] public required LengthStatistics Words { get; init; }
}
