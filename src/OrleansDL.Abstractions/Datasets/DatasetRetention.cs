namespace OrleansDL.Datasets;

/// <summary>Which versions of a dataset are kept for how long. A version goes when every limit that is set lets it go.
/// Heads of branches, tagged versions, and versions that a registered model, an open run, a live deployment or a snapshot stands on always stay.</summary>
[GenerateSerializer, Immutable, Alias("dataset-retention")]
public sealed record DatasetRetention
{
    /// <summary>How many of the newest versions stay: 1 or more.</summary>
    [Id(0)] public int? KeepVersions { get; init; }

    /// <summary>For how many days every version stays: 1 or more.</summary>
    [Id(1)] public int? KeepDays { get; init; }
}
