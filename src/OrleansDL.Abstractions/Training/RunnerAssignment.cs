using OrleansDL.Datasets;

namespace OrleansDL.Training;

/// <summary>The file that <c>ODL_SPEC</c> names: what a training program is told, whatever its language.</summary>
public sealed record RunnerAssignment
{
    public required Guid Run { get; init; }
    public required int Attempt { get; init; }
    public required TrainingSpec Spec { get; init; }
    public required string DatasetName { get; init; }
    public required long DatasetVersion { get; init; }
    public required BlobId DatasetCommit { get; init; }

    /// <summary>Digest of the version's content: equal rows have equal digests, however and whenever they were committed.</summary>
    public required BlobId DatasetContent { get; init; }
    public required DatasetKind DatasetKind { get; init; }
    public required IReadOnlyList<Column> Schema { get; init; }

    /// <summary>The version's files in manifest order; each lies at its path below <c>ODL_DATA_DIR</c>. Empty for the built-in trainers, which read <see cref="Shards"/>.</summary>
    public required IReadOnlyList<DatasetEntry> Files { get; init; }

    /// <summary>evaluate: folder holding the model's files. train: folder holding the <c>weights.safetensors</c> to start from.</summary>
    public string? ModelDirectory { get; init; }

    /// <summary>Values of the label column in the order of their ids, when the version keeps such a list; null: classes are the labels sorted.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Folder of the version's rows as MDS shards; null: the data folder.</summary>
    public string? ShardDirectory { get; init; }

    /// <summary>The shards in the order of the version's rows; null for programs that read the files.</summary>
    public IReadOnlyList<RunnerShard>? Shards { get; init; }
}
