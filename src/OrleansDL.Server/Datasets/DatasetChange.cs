namespace OrleansDL.Datasets;

/// <summary>What of a dataset can be changed.</summary>
internal sealed record DatasetChange
{
    public required string Name { get; init; }
}
