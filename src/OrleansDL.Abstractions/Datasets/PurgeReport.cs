namespace OrleansDL.Datasets;

/// <summary>What was removed for ever.</summary>
public sealed record PurgeReport
{
    /// <summary>Numbers of the versions that are gone.</summary>
    public required IReadOnlyList<long> Versions { get; init; }

    /// <summary>Who used them.</summary>
    public required IReadOnlyList<DatasetUser> Users { get; init; }

    /// <summary>Blobs that were removed from the store at once.</summary>
    public required long BlobsRemoved { get; init; }
    public required long BytesRemoved { get; init; }

    /// <summary>Blobs of the versions that stay because others need them: other versions, datasets, runs or models with the same bytes.</summary>
    public required long BlobsShared { get; init; }
}
