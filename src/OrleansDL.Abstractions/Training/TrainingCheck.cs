namespace OrleansDL.Training;

/// <summary>What a spec comes to that would be taken.</summary>
[GenerateSerializer, Immutable, Alias("training-check")]
public sealed record TrainingCheck
{
    [Id(0)] public required string DatasetName { get; init; }
    [Id(1)] public required long DatasetVersion { get; init; }
    [Id(2)] public required BlobId DatasetCommit { get; init; }

    /// <summary>Rows of the version.</summary>
    [Id(3)] public required long Rows { get; init; }

    /// <summary>The network; null when there is none, or when <see cref="Notes"/> say what is not known before rows are read.</summary>
    [Id(4)] public NetworkSummary? Network { get; init; }

    /// <summary>What was assumed of the data, a sentence each.</summary>
    [Id(5)] public IReadOnlyList<string> Notes { get; init; } = [];
}
