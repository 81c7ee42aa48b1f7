namespace OrleansDL.Datasets;

/// <summary>What was found when a commit was held against its dataset's schema, its parent version and what the dataset's policy expects.</summary>
[GenerateSerializer, Immutable, Alias("dataset-validation")]
public sealed record DatasetValidation
{
    /// <summary>The worst first; at most <see cref="MaximumAnomalies"/>.</summary>
    [Id(0)] public required IReadOnlyList<Anomaly> Anomalies { get; init; }

    /// <summary>How many of each severity there are, also of those beyond the list's end.</summary>
    [Id(1)] public int Errors { get; init; }
    [Id(2)] public int Warnings { get; init; }
    [Id(3)] public int Infos { get; init; }

    /// <summary>The branch the commit was meant for, when the policy put it on a quarantine branch instead.</summary>
    [Id(4)] public string? QuarantinedFrom { get; init; }

    public const int MaximumAnomalies = 100;
}
