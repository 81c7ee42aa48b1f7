namespace OrleansDL.Datasets;

/// <summary>How far a push is.</summary>
public sealed record PushProgress
{
    public required int Files { get; init; }
    public required long Bytes { get; init; }

    /// <summary>Bytes hashed to find out what the server has already.</summary>
    public required long HashedBytes { get; init; }

    /// <summary>Files and bytes that need not be sent: the server has them.</summary>
    public required int SkippedFiles { get; init; }
    public required long SkippedBytes { get; init; }
    public required int SentFiles { get; init; }
    public required long SentBytes { get; init; }
}
