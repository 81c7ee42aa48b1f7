namespace OrleansDL.Blobs;

/// <summary>What was found in a store and had no row.</summary>
public sealed record BlobIndexReport
{
    /// <summary>Blobs on their own.</summary>
    public int Blobs { get; init; }

    /// <summary>Packs.</summary>
    public int Packs { get; init; }

    /// <summary>Keys of packs whose index is damaged; what they hold stays unknown.</summary>
    public IReadOnlyList<string> Damaged { get; init; } = [];
}
