using OrleansDL.Datasets.Branches;

namespace OrleansDL.Datasets.Retention;

/// <summary>Which versions go by a dataset's retention, and why the others stay.</summary>
internal sealed record RetentionPlan(IReadOnlyList<(long Version, BlobId Commit)> Going, IReadOnlyList<KeptVersion> Kept)
{
    public static async Task<RetentionPlan> MakeAsync(
        Dataset dataset, DatasetRetention? retention, ExpiryTable expiry, BranchTable branches, DatasetHistory history, DatasetUsers users, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var there = await expiry.ListThereAsync(dataset.Id);
        var reasons = there.ToDictionary(version => version.Version, _ => new List<string>());
        var heads = await branches.HeadsAsync(dataset.Id);
        foreach (var (name, head) in heads)
        {
            Keep(head, $"head of branch {name}");

            // Without the point where it left main, a branch could not be merged any more.
            if (name != DatasetReference.Main && heads.TryGetValue(DatasetReference.Main, out var main)
                && await history.MergeBaseAsync(dataset.Id, main, head) is { } left && left != head && left != main)
            {
                Keep(left, $"where branch {name} left main");
            }
        }

        foreach (var (tag, version) in await expiry.TagsAsync(dataset.Id))
        {
            Keep(version, $"tag {tag}");
        }

        for (var i = 0; i < there.Count; i++)
        {
            var age = now - there[i].CommittedAt;
            if (retention is null or { KeepVersions: null, KeepDays: null })
            {
                Keep(there[i].Version, "the dataset has no retention limits");
            }
            else if (retention.KeepVersions is { } count && i < count)
            {
                Keep(there[i].Version, $"one of the newest {count}");
            }
            else if (retention.KeepDays is { } days && age < TimeSpan.FromDays(days))
            {
                Keep(there[i].Version, $"younger than {days} days");
            }
        }

        // Only what would go is looked up in the lineage.
        var candidates = there.Where(version => reasons[version.Version].Count == 0).Select(version => (version.Version, version.Commit)).ToList();
        var (found, truncated) = await users.FindAsync(dataset.Project, candidates, cancellationToken);
        foreach (var user in found.Where(user => user.Live))
        {
            Keep(user.Version, $"{user.Kind} {user.Title}");
        }

        if (truncated)
        {
            candidates.ForEach(version => Keep(version.Version, "its lineage is too large to be sure that nothing stands on it"));
        }

        return new RetentionPlan(
            [.. candidates.Where(version => reasons[version.Version].Count == 0)],
            [.. there.Where(version => reasons[version.Version].Count > 0).Select(version => new KeptVersion { Version = version.Version, Reasons = reasons[version.Version] })]);

        void Keep(long version, string reason)
        {
            if (reasons.TryGetValue(version, out var why))
            {
                why.Add(reason);
            }
        }
    }
}
