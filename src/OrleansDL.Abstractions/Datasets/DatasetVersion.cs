using System.Text.Json.Serialization;

namespace OrleansDL.Datasets;

/// <summary>One immutable version of a dataset.</summary>
[GenerateSerializer, Immutable, Alias("dataset-version")]
public sealed record DatasetVersion
{
    [Id(0)] public required Guid Dataset { get; init; }
    [Id(1)] public required string DatasetName { get; init; }

    /// <summary>1, 2, 3, ... over the commits of all branches.</summary>
    [Id(2)] public required long Version { get; init; }

    /// <summary>Digest of the commit: names content, parent, message, time and sources.</summary>
    [Id(3)] public required BlobId Commit { get; init; }

    /// <summary>Digest of the manifest root: equal content has an equal digest, however it was added.</summary>
    [Id(4)] public required BlobId Content { get; init; }

    /// <summary>The first parent.</summary>
    [Id(5)] public BlobId? Parent { get; init; }
    [Id(6)] public required string Message { get; init; }
    [Id(7)] public required IReadOnlyList<string> Tags { get; init; }
    [Id(8)] public required long Rows { get; init; }
    [Id(9)] public required long Bytes { get; init; }
    [Id(10)] public required long Files { get; init; }
    [Id(11)] public required IReadOnlyList<Column> Schema { get; init; }

    /// <summary>Where its rows came from: at most <see cref="MaximumSources"/> ranges, of what the commit brought first. The commit's origins document has all.</summary>
    [Id(12)] public required IReadOnlyList<DatasetSource> Sources { get; init; }
    [Id(13)] public required DateTimeOffset CommittedAt { get; init; }

    /// <summary>Rows more than in the parent (negative: fewer).</summary>
    [Id(14)] public required long RowsAdded { get; init; }
    [Id(15)] public required DatasetKind Kind { get; init; }

    /// <summary>The branch it was committed on. Null in records older than branches, which means <c>main</c>.</summary>
    [Id(16)] public string? Branch { get; init; }

    /// <summary>Digests of the commits it was made from: none for a first one, two for a merge. Null in records older than branches: <see cref="Parent"/> alone.</summary>
    [Id(17)] public IReadOnlyList<BlobId>? Parents { get; init; }

    /// <summary>Whether <see cref="Sources"/> leaves ranges out.</summary>
    [Id(18), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool SourcesTruncated { get; init; }

    /// <summary>What validation found at the commit; null for versions that were committed before there was any.</summary>
    [Id(19)] public DatasetValidation? Validation { get; init; }

    /// <summary>For a snapshot, the selection it was made of.</summary>
    [Id(20)] public ResolvedSelection? Selection { get; init; }

    /// <summary>Null while the version's bytes are there; else when and why they went: a sentence.</summary>
    [Id(22)] public string? Gone { get; init; }

    public const int MaximumSources = 256;
}
