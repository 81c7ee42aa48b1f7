namespace OrleansDL.Datasets;

/// <summary>Who used a version of a dataset.</summary>
public sealed record DatasetUser
{
    /// <summary><c>run</c>, <c>model-version</c>, <c>deployment</c>, <c>snapshot</c>, <c>batch-prediction</c> (one under way) or <c>predictions</c> (the answers of one).</summary>
    public required string Kind { get; init; }

    /// <summary>Id of its node in the lineage.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Title { get; init; }

    /// <summary>Number of the dataset's version it stands on.</summary>
    public required long Version { get; init; }

    /// <summary>Whether it still needs the version: a run that is not over, a model that is registered, a deployment that is live, a snapshot that is there, a batch prediction that is not over.</summary>
    public required bool Live { get; init; }
}
