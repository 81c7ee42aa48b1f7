namespace OrleansDL.Datasets;

/// <summary>One immutable version of a dataset.</summary>
[GenerateSerializer, Immutable, Alias("dataset-version")]
public sealed record DatasetVersion
{
    [Id(0)] public required Guid Dataset { get; init; }
    [Id(1)] public required string DatasetName { get; init; }

    /// <summary>1, 2, 3, ... along the dataset's line of commits.</summary>
    [Id(2)] public required long Version { get; init; }

    /// <summary>Digest of the commit: names content, parent, message, time and sources.</summary>
    [Id(3)] public required BlobId Commit { get; init; }

    /// <summary>Digest of the manifest root: equal content has an equal digest, however it was added.</summary>
    [Id(4)] public required BlobId Content { get; init; }
    [Id(5)] public BlobId? Parent { get; init; }
    [Id(6)] public required string Message { get; init; }
    [Id(7)] public required IReadOnlyList<string> Tags { get; init; }
    [Id(8)] public required long Rows { get; init; }
    [Id(9)] public required long Bytes { get; init; }
    [Id(10)] public required long Files { get; init; }
    [Id(11)] public required IReadOnlyList<Column> Schema { get; init; }
    [Id(12)] public required IReadOnlyList<DatasetSource> Sources { get; init; }
    [Id(13)] public required DateTimeOffset CommittedAt { get; init; }

    /// <summary>Rows more than in the parent (negative: fewer).</summary>
    [Id(14)] public required long RowsAdded { get; init; }
    [Id(15)] public required DatasetKind Kind { get; init; }

    /// <summary>What validation found at the commit; null for versions that were committed before there was any.</summary>
    [Id(19)] public DatasetValidation? Validation { get; init; }
}
