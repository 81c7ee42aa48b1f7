using OrleansDL.Blobs;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Retention;

/// <summary>Lets go of the blobs of versions that are gone, and keeps those that other versions need. May be killed and repeated at any point.</summary>
internal sealed class DatasetCollector(ExpiryTable expiry, DatasetBlobs datasets, BlobStore blobs)
{
    /// <summary>Under whose name blobs are kept that came with a version that is gone and are needed by others.</summary>
    public static string KeptOwner(Guid dataset) => $"dataset-kept:{dataset}";

    /// <summary>Under whose name blobs stand that are about to be removed at once.</summary>
    public static string PurgeOwner(Guid dataset) => $"dataset-purge:{dataset}";

    /// <summary>Works out what would be let go of if some versions were gone.</summary>
    public async Task<BlobUse> WeighAsync(Guid dataset, IReadOnlyCollection<long> going, CancellationToken cancellationToken)
    {
        var (owners, held) = await HeldAsync(dataset, going);
        var needed = await NeededAsync(dataset, going, held, cancellationToken);
        held.ExceptWith(needed);
        return await blobs.WeighAsync(held, owners, cancellationToken);
    }

    /// <summary>Moves what is needed to the dataset's own name, then drops the references of the versions that are gone, then says that it is done.</summary>
    /// <param name="dataset">The dataset's id.</param>
    /// <param name="gone">Versions that are gone.</param>
    /// <param name="toPurge">Whether what nothing needs is put under <see cref="PurgeOwner"/>, to be removed at once.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task CollectAsync(Guid dataset, IReadOnlyCollection<long> gone, bool toPurge, CancellationToken cancellationToken)
    {
        var (owners, held) = await HeldAsync(dataset, gone);
        var needed = await NeededAsync(dataset, gone, held, cancellationToken);
        await blobs.ReferAsync(KeptOwner(dataset), needed);
        held.ExceptWith(needed);
        if (toPurge)
        {
            // Remembered before anything is dropped: killed in between, the repeat still finds it.
            await blobs.ReferAsync(PurgeOwner(dataset), held);
        }

        foreach (var owner in owners.Where(owner => owner != KeptOwner(dataset) && owner != PurgeOwner(dataset)))
        {
            await blobs.UnreferAsync(owner);
        }

        await blobs.UnreferAsync(KeptOwner(dataset), held);
    }

    private async Task<(IReadOnlyList<string> Owners, HashSet<BlobId> Held)> HeldAsync(Guid dataset, IReadOnlyCollection<long> gone)
    {
        var owners = (await expiry.RequestsAsync(dataset, gone)).Select(DatasetGrain.BlobOwner).Append(KeptOwner(dataset)).Append(PurgeOwner(dataset)).ToList();
        var held = new HashSet<BlobId>();
        foreach (var owner in owners)
        {
            held.UnionWith(await blobs.ReferencesAsync(owner));
        }

        return (owners, held);
    }

    /// <summary>Which of some blobs the remaining versions need. Equal nodes are looked at once.</summary>
    private async Task<HashSet<BlobId>> NeededAsync(Guid dataset, IReadOnlyCollection<long> gone, HashSet<BlobId> held, CancellationToken cancellationToken)
    {
        var needed = new HashSet<BlobId>();
        var seen = new HashSet<BlobId>();
        var left = gone.ToHashSet();
        foreach (var (version, commit, _) in (await expiry.ListThereAsync(dataset)).Where(found => !left.Contains(found.Version)))
        {
            var document = CommitFormat.ReadCommit(await blobs.ReadAsync(commit, cancellationToken));
            foreach (var blob in (BlobId[])[commit, document.Schema, document.Statistics, document.Origins, document.Manifest])
            {
                Need(blob);
            }

            if (!seen.Add(document.Manifest))
            {
                continue;
            }

            foreach (var node in (await datasets.Manifests.ReadRootAsync(document.Manifest, cancellationToken)).Nodes.Where(node => seen.Add(node.Digest)))
            {
                Need(node.Digest);
                foreach (var line in await datasets.Manifests.ReadLinesAsync(node, cancellationToken))
                {
                    Need(line.Blob);
                }
            }
        }

        return needed;

        void Need(BlobId blob)
        {
            if (held.Contains(blob))
            {
                needed.Add(blob);
            }
        }
    }
}
