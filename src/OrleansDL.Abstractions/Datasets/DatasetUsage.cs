namespace OrleansDL.Datasets;

/// <summary>Which versions hold a file, a source or a row, and who used those versions.</summary>
public sealed record DatasetUsage
{
    /// <summary>The file that was asked for, or that the row lies in.</summary>
    public string? Path { get; init; }

    /// <summary>The source that was asked for, or that the row came from.</summary>
    public string? Source { get; init; }
    public required IReadOnlyList<UsedVersion> Versions { get; init; }
    public required IReadOnlyList<DatasetUser> Users { get; init; }

    /// <summary>Whether some version's lineage is too large to have been walked to its end.</summary>
    public bool Truncated { get; init; }
}
