namespace OrleansDL.Datasets;

/// <summary>A batch prediction and how far it is.</summary>
[GenerateSerializer, Immutable, Alias("batch-prediction")]
public sealed record BatchPrediction
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required BatchPredictionSpec Spec { get; init; }
    [Id(3)] public required BatchPredictionStatus Status { get; init; }
    [Id(4)] public required string Author { get; init; }
    [Id(5)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(6)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The dataset and commit whose rows are asked about.</summary>
    [Id(7)] public required Guid Dataset { get; init; }
    [Id(8)] public required BlobId Commit { get; init; }

    /// <summary>The dataset that takes the answers.</summary>
    [Id(9)] public required Guid Output { get; init; }
    [Id(10)] public required long Rows { get; init; }

    /// <summary>Rows of one part; the last part may have fewer. A part is done as a whole or not at all.</summary>
    [Id(11)] public required int PartRows { get; init; }

    /// <summary>Rows of the parts that are done.</summary>
    [Id(12)] public long RowsDone { get; init; }

    /// <summary>The output's version, once it is committed.</summary>
    [Id(13)] public long? Version { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(14)] public string? Error { get; init; }
}
