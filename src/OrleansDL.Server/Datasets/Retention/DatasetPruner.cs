using OrleansDL.Blobs;
using OrleansDL.Datasets.Branches;

namespace OrleansDL.Datasets.Retention;

/// <summary>Applies a dataset's retention, and removes for ever what an administrator wants gone.</summary>
internal sealed class DatasetPruner(
    DatasetTable table, ExpiryTable expiry, BranchTable branches, DatasetHistory history, DatasetUsers users, DatasetUsages usages, DatasetCollector collector, DerivedRows derived, BlobStore blobs, IGrainFactory grains, TimeProvider time)
{
    /// <summary>Lets go of the versions that the dataset's retention does not keep, or says which those are.</summary>
    public async Task<PruneReport> PruneAsync(Dataset dataset, bool dryRun, CancellationToken cancellationToken)
    {
        var plan = await RetentionPlan.MakeAsync(dataset, dataset.Retention, expiry, branches, history, users, time.GetUtcNow(), cancellationToken);
        var going = plan.Going.Select(version => version.Version).ToArray();
        var use = going.Length == 0 ? new BlobUse(0, 0, 0) : await collector.WeighAsync(dataset.Id, going, cancellationToken);
        if (!dryRun)
        {
            if (going.Length > 0)
            {
                var limits = string.Join(" and ", new[]
                {
                    dataset.Retention?.KeepVersions is { } count ? $"more than {count} versions are newer" : null,
                    dataset.Retention?.KeepDays is { } days ? $"it was older than {days} days" : null,
                }.OfType<string>());
                going = (await grains.GetGrain<IDatasetGrain>(dataset.Id).ExpireAsync(going, $"{limits}.", purged: false)).ToArray();
            }

            await FinishAsync(dataset.Id, cancellationToken);
        }

        return new PruneReport { DryRun = dryRun, Expired = going, Kept = plan.Kept, BlobsFreed = use.Free, BytesFreed = use.FreeBytes };
    }

    /// <summary>Finishes what a prune or a purge began: expired versions let go of their blobs; those of purged versions are removed at once.</summary>
    public async Task<(SweptBlobs Removed, long Shared)> FinishAsync(Guid dataset, CancellationToken cancellationToken)
    {
        var gone = await expiry.UncollectedAsync(dataset);
        if (gone.Count == 0)
        {
            return (new SweptBlobs(), 0);
        }

        var purges = (await expiry.UncollectedAsync(dataset, purgedOnly: true)).Count > 0;
        await collector.CollectAsync(dataset, gone, toPurge: purges, cancellationToken);
        var owner = DatasetCollector.PurgeOwner(dataset);
        var all = (await blobs.ReferencesAsync(owner, cancellationToken)).Count;
        var removed = all == 0 ? new SweptBlobs() : await blobs.RemoveAsync(owner, cancellationToken);
        var shared = all - removed.Count;
        await blobs.UnreferAsync(owner);
        if (purges)
        {
            // What was made of the rows holds their values too.
            var shards = await derived.RemoveShardsAsync(cancellationToken);
            removed = removed.Plus(shards.Count, shards.Bytes);
            await derived.TidyAsync(cancellationToken);
        }

        await expiry.WriteCollectedAsync(dataset, gone);
        return (removed, shared);
    }

    /// <summary>Removes versions for ever, and at once.</summary>
    /// <exception cref="ConflictException">They are used, or branches or tags are at them, and it is not forced.</exception>
    public async Task<PurgeReport> PurgeAsync(Dataset dataset, PurgeSpec spec, string author, CancellationToken cancellationToken)
    {
        var usage = spec switch
        {
            { Path: { } path, Source: null, Version: null } => await usages.OfPathAsync(dataset, path, cancellationToken),
            { Path: null, Source: { } source, Version: null } => await usages.OfSourceAsync(dataset, source, cancellationToken),
            { Path: null, Source: null, Version: { } version } => await usages.OfVersionAsync(
                dataset, await table.FindVersionAsync(dataset.Id, version) ?? throw new NotFoundException($"Dataset '{dataset.Name}' has no version '{version}'."), cancellationToken),
            _ => throw new InvalidException("A purge names one of path, source and version."),
        };
        if (spec.Reason.Trim().Length is 0 or > 1000)
        {
            throw new InvalidException("A purge needs a reason, of 1000 characters at most: it is what is remembered.");
        }

        var numbers = usage.Versions.Select(version => version.Version).ToArray();
        if (!spec.Force)
        {
            var heads = usage.Versions.SelectMany(version => version.Branches.Select(branch => $"branch {branch} is at v{version.Version}"));
            var tags = (await expiry.TagsAsync(dataset.Id)).Where(tag => numbers.Contains(tag.Version)).Select(tag => $"v{tag.Version} has tag {tag.Tag}");
            var live = usage.Users.Where(user => user.Live).Select(user => $"{user.Kind} {user.Title} stands on v{user.Version}");
            var all = heads.Concat(tags).Concat(live).ToList();
            if (all.Count > 0)
            {
                throw new ConflictException(
                    $"Nothing was purged: {string.Join("; ", all.Take(50))}{(all.Count > 50 ? $"; and {all.Count - 50} more" : "")}. Commit a version without it on those branches, move the tags, delete the models and deployments; or use force, which is remembered with your name.");
            }
        }

        var by = spec.Force ? $"forced by {author}" : $"by {author}";
        if (numbers.Length > 0)
        {
            await grains.GetGrain<IDatasetGrain>(dataset.Id).ExpireAsync(numbers, $"{spec.Reason.Trim().TrimEnd('.')} ({by}).", purged: true);
        }

        var (removed, shared) = await FinishAsync(dataset.Id, cancellationToken);
        return new PurgeReport { Versions = numbers, Users = usage.Users, BlobsRemoved = removed.Count, BytesRemoved = removed.Bytes, BlobsShared = shared };
    }
}
