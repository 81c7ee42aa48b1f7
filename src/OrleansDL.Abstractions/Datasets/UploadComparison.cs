namespace OrleansDL.Datasets;

/// <summary>How a range of a client's files differs from a branch's head.</summary>
public sealed record UploadComparison
{
    /// <summary>The commit it was compared with; null for a branch without commits.</summary>
    public BlobId? Head { get; init; }

    /// <summary>Positions in the request's list of files that the head does not have, or has with other bytes.</summary>
    public required IReadOnlyList<int> Changed { get; init; }

    /// <summary>Those of them whose bytes the server lacks: send these. The bytes of the others are kept for the commit to come.</summary>
    public required IReadOnlyList<int> Missing { get; init; }

    /// <summary>If asked for: paths of the head in the range that the client did not list; at most <see cref="MaximumGone"/>.</summary>
    public required IReadOnlyList<string> Gone { get; init; }

    /// <summary>Whether there are more of those: ask again for the range after the last one listed.</summary>
    public bool MoreGone { get; init; }

    public const int MaximumGone = 50_000;
}
