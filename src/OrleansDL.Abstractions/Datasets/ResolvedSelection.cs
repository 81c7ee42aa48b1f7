namespace OrleansDL.Datasets;

/// <summary>What a snapshot was made of.</summary>
[GenerateSerializer, Immutable, Alias("resolved-selection")]
public sealed record ResolvedSelection
{
    [Id(0)] public required DatasetSelection Query { get; init; }

    /// <summary>The commits that the query came to, oldest first.</summary>
    [Id(1)] public required IReadOnlyList<SelectedCommit> Commits { get; init; }
    [Id(2)] public string? LabelColumn { get; init; }
}
