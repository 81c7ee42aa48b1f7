namespace OrleansDL.Datasets;

/// <summary>Asks to remove a file, a source or a version for ever. Exactly one of <see cref="Path"/>, <see cref="Source"/> and <see cref="Version"/> is given.</summary>
public sealed record PurgeSpec
{
    /// <summary>Every version that holds a file of this path goes.</summary>
    public string? Path { get; init; }

    /// <summary>Every version with rows of this source goes: its URI or digest.</summary>
    public string? Source { get; init; }

    /// <summary>This version goes: <c>v3</c>, a tag or <c>sha256:...</c>.</summary>
    public string? Version { get; init; }

    /// <summary>Why; it is remembered with the versions.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether versions go that are still used, or that branches and tags are at.</summary>
    public bool Force { get; init; }
}
