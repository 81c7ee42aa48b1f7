using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Branches;

/// <summary>What one side changed since a common base, to be done to the other side. Costs what both sides changed.</summary>
internal sealed record ThreeWay
{
    /// <summary>Entries to put in, with their first rows on the side they come from.</summary>
    public required IReadOnlyList<(DatasetEntry Entry, long Row)> Taken { get; init; }

    /// <summary>Paths that go, or are replaced.</summary>
    public required IReadOnlyList<string> Removed { get; init; }
    public required IReadOnlyList<MergeConflict> Conflicts { get; init; }
    public required long ConflictCount { get; init; }

    public static async Task<ThreeWay> CompareAsync(
        ManifestStore manifests, ManifestRoot from, ManifestRoot ours, ManifestRoot theirs, MergeStrategy strategy, CancellationToken cancellationToken)
    {
        var (taken, removed, conflicts) = (new List<(DatasetEntry, long)>(), new List<string>(), new List<MergeConflict>());
        var count = 0L;
        await using var mine = manifests.DiffAsync(from, ours, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var more = await mine.MoveNextAsync();
        await foreach (var change in manifests.DiffAsync(from, theirs, cancellationToken))
        {
            while (more && EntryPath.Compare(mine.Current.Path, change.Path) < 0)
            {
                more = await mine.MoveNextAsync();
            }

            var both = more && mine.Current.Path == change.Path;
            var there = both ? mine.Current.New : change.Old;
            if (there == change.New)
            {
                continue;
            }

            if (both && strategy != MergeStrategy.Theirs)
            {
                if (strategy == MergeStrategy.Refuse && count++ < MergeResult.MaximumConflicts)
                {
                    conflicts.Add(new MergeConflict { Path = change.Path, Base = change.Old, Ours = there, Theirs = change.New });
                }

                continue;
            }

            if (there is not null)
            {
                removed.Add(change.Path);
            }

            if (change.New is { } entry)
            {
                taken.Add((entry, change.NewRow));
            }
        }

        return new ThreeWay { Taken = taken, Removed = removed, Conflicts = conflicts, ConflictCount = count };
    }
}
