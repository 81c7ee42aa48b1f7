namespace OrleansDL.Datasets;

/// <summary>A version that holds what was asked for.</summary>
public sealed record UsedVersion
{
    public required long Version { get; init; }
    public required BlobId Commit { get; init; }

    /// <summary>Branches that are at it: they have to let go of it before it can go.</summary>
    public required IReadOnlyList<string> Branches { get; init; }

    /// <summary>How many rows of it were asked for.</summary>
    public required long Rows { get; init; }
}
