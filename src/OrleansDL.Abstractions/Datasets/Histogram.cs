namespace OrleansDL.Datasets;

/// <summary>How many values lie in each of a row of equally wide bins.</summary>
[GenerateSerializer, Immutable, Alias("histogram")]
public sealed record Histogram
{
    /// <summary>Bin i reaches from edge i to edge i + 1: one edge more than bins. The last bin holds its upper edge too.</summary>
    [Id(0)] public required IReadOnlyList<double> Edges { get; init; }
    [Id(1)] public required IReadOnlyList<long> Counts { get; init; }
}
