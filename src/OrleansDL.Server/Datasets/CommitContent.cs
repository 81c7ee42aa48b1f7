using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets;

/// <summary>What a commit changes. All bytes lie in the blob store already.</summary>
internal sealed record CommitContent
{
    /// <summary>Files that came in, with what was learnt of their rows.</summary>
    public IReadOnlyList<IngestResult> Added { get; init; } = [];

    /// <summary>Files taken over from other versions, as merges and reverts do.</summary>
    public IReadOnlyList<TakenEntry> Taken { get; init; } = [];

    /// <summary>The schema afterwards; null evolves the parent's by the files added.</summary>
    public IReadOnlyList<Column>? Schema { get; init; }

    /// <summary>Paths to remove; <c>folder/</c> removes all below it. A path that is added too is replaced.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];
}
