namespace OrleansDL.Datasets;

/// <summary>Asks a deployment about every row of a version; the answers become a version of another dataset.</summary>
[GenerateSerializer, Immutable, Alias("batch-prediction-spec")]
public sealed record BatchPredictionSpec
{
    /// <summary>Labels answered per row at most.</summary>
    public const int MaximumTop = 10;

    /// <summary>Name or id of the deployment.</summary>
    [Id(0)] public required string Deployment { get; init; }

    /// <summary>The rows: <c>name</c>, <c>name@v3</c>, <c>name@BRANCH</c>, <c>name@TAG</c> or <c>name@sha256:...</c>; pinned when the job is made.</summary>
    [Id(1)] public required string Dataset { get; init; }

    /// <summary>Name of the table dataset that takes the answers; made if it is not there.</summary>
    [Id(2)] public required string Output { get; init; }

    /// <summary>The branch of the output.</summary>
    [Id(3)] public string Branch { get; init; } = "main";

    /// <summary>Columns of the rows that are copied beside the answers.</summary>
    [Id(4)] public IReadOnlyList<string> Keep { get; init; } = [];

    /// <summary>Labels per row, best first; 1 to <see cref="MaximumTop"/>.</summary>
    [Id(5)] public int Top { get; init; } = 1;

    /// <summary>Whether the new version also holds what the branch had, instead of these answers alone.</summary>
    [Id(6)] public bool Append { get; init; }

    /// <summary>Message of the commit; null: one is made.</summary>
    [Id(7)] public string? Message { get; init; }
}
