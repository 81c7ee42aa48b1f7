using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets;

/// <summary>Statistics of a new version, and of what came in.</summary>
internal sealed record VersionSummary
{
    public required FileSummary Whole { get; init; }

    /// <summary>The rows that came in; null when rows also went, so that the whole version is what changed.</summary>
    public FileSummary? Incoming { get; init; }
}
