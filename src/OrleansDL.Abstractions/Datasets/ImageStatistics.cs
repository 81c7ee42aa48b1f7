namespace OrleansDL.Datasets;

/// <summary>How large a column's images are, in pixels.</summary>
[GenerateSerializer, Immutable, Alias("image-statistics")]
public sealed record ImageStatistics
{
    [Id(0)] public required LengthStatistics Width { get; init; }
    [Id(1)] public required LengthStatistics Height { get; init; }
}
