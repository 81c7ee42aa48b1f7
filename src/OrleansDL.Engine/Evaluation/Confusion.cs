namespace OrleansDL.Evaluation;

/// <summary>How often each label was answered for rows of each; the artifact's <c>confusion.json</c>.</summary>
internal sealed record Confusion
{
    /// <summary>More labels than these have no matrix.</summary>
    public const int GreatestLabels = 1000;

    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>For each label in their order, how many of its rows were answered with each label.</summary>
    public required IReadOnlyList<IReadOnlyList<long>> Rows { get; init; }
}
