namespace OrleansDL.Datasets;

/// <summary>What a push did, or would do.</summary>
public sealed record PushResult
{
    /// <summary>The version the branch has now; null for a dry run.</summary>
    public DatasetVersion? Version { get; init; }

    /// <summary>Files that were pushed, and how many of them were new to the branch or had other bytes there.</summary>
    public required int Files { get; init; }
    public required int Changed { get; init; }

    /// <summary>Files the branch had and the folder does not, which were removed.</summary>
    public required int Removed { get; init; }
    public required long Bytes { get; init; }

    /// <summary>Bytes that went to the server (or would have to).</summary>
    public required long SentBytes { get; init; }
}
