namespace OrleansDL.Datasets;

/// <summary>Where a commit goes and what is said of it.</summary>
internal sealed record CommitIntent
{
    /// <summary>The branch whose head moves. <c>main</c> is made by its first commit; another branch that is not there is made when <see cref="From"/> or <see cref="Alone"/> is set.</summary>
    public string Branch { get; init; } = DatasetReference.Main;

    /// <summary>Where a branch that is not there yet begins: the commit becomes the first parent.</summary>
    public BlobId? From { get; init; }

    /// <summary>Refuses the commit when the branch's head is another one. Null builds on whatever the head is.</summary>
    public BlobId? ExpectedHead { get; init; }

    /// <summary>A further parent, for merges.</summary>
    public BlobId? Merged { get; init; }

    public required string Message { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public required string Author { get; init; }

    /// <summary>Whether the new version holds only what the content adds, instead of that and what was there.</summary>
    public bool Replace { get; init; }

    /// <summary>Whether the commit has no parents and takes nothing over, although its branch may have a head: snapshots of selections.</summary>
    public bool Alone { get; init; }

    /// <summary>For a snapshot, what it was selected from: the commit names those commits as its sources.</summary>
    public ResolvedSelection? Selection { get; init; }
}
