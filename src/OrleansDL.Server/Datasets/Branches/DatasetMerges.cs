using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Branches;

/// <summary>Merges versions into branches and undoes versions: a commit of what the other side changed since the common ancestor.</summary>
internal sealed class DatasetMerges(DatasetTable table, DatasetBlobs datasets, DatasetCommits commits, DatasetHistory history, IGrainFactory grains)
{
    // Others may commit while a merge is worked out.
    private const int Attempts = 8;

    /// <summary>Merges once per request. Conflicts change nothing.</summary>
    /// <exception cref="ConflictException">The branch is not at the expected head, or the schemas do not go together.</exception>
    public async Task<MergeResult> MergeAsync(Dataset dataset, Guid request, string branch, MergeSpec spec, string author, CancellationToken cancellationToken)
    {
        if (await commits.FindAsync(dataset, request) is { } done)
        {
            return new MergeResult { Outcome = MergeOutcome.Merged, Head = done };
        }

        var theirs = await table.FindVersionAsync(dataset.Id, spec.Source) ?? throw Missing(dataset, spec.Source);
        for (var attempt = 1; ; attempt++)
        {
            var ours = await HeadAsync(dataset, branch, spec.ExpectedHead);
            var from = await history.MergeBaseAsync(dataset.Id, ours.Version, theirs.Version);
            if (from == theirs.Version)
            {
                return new MergeResult { Outcome = MergeOutcome.UpToDate, Head = ours, Base = from };
            }

            var result = from == ours.Version
                ? await FastForwardAsync(dataset, request, branch, ours, theirs, last: attempt == Attempts || spec.ExpectedHead is not null)
                : await CommitAsync(
                    dataset, request,
                    new CommitIntent
                    {
                        Branch = branch,
                        ExpectedHead = ours.Commit,
                        Merged = theirs.Commit,
                        Message = spec.Message ?? $"Merge {spec.Source} into {branch}",
                        Author = author,
                    },
                    from is { } number ? await table.FindVersionAsync(dataset.Id, $"v{number}") : null,
                    ours, theirs, spec.Strategy, last: attempt == Attempts || spec.ExpectedHead is not null, cancellationToken);
            if (result is not null)
            {
                return result;
            }
        }
    }

    /// <summary>Commits the opposite of what a version changed. Paths that were changed again since are conflicts.</summary>
    /// <exception cref="ConflictException">The branch is not at the expected head.</exception>
    public async Task<MergeResult> RevertAsync(Dataset dataset, Guid request, string branch, RevertSpec spec, string author, CancellationToken cancellationToken)
    {
        if (await commits.FindAsync(dataset, request) is { } done)
        {
            return new MergeResult { Outcome = MergeOutcome.Merged, Head = done };
        }

        var undone = await table.FindVersionAsync(dataset.Id, spec.Version) ?? throw Missing(dataset, spec.Version);
        var before = undone.Parent is { } parent ? await table.FindVersionAsync(dataset.Id, parent.ToString()) : null;
        for (var attempt = 1; ; attempt++)
        {
            var ours = await HeadAsync(dataset, branch, spec.ExpectedHead);
            var intent = new CommitIntent
            {
                Branch = branch,
                ExpectedHead = ours.Commit,
                Message = spec.Message ?? $"Revert v{undone.Version}{(undone.Message.Length == 0 ? "" : $": {undone.Message}")}",
                Author = author,
            };
            if (await CommitAsync(dataset, request, intent, undone, ours, before, spec.Strategy, last: attempt == Attempts || spec.ExpectedHead is not null, cancellationToken) is { } result)
            {
                return result;
            }
        }
    }

    private async Task<MergeResult?> FastForwardAsync(Dataset dataset, Guid request, string branch, DatasetVersion ours, DatasetVersion theirs, bool last)
    {
        try
        {
            await grains.GetGrain<IDatasetGrain>(dataset.Id).SetBranchAsync(request, branch, theirs.Commit, ours.Commit);
            return new MergeResult { Outcome = MergeOutcome.FastForward, Head = theirs, Base = ours.Version };
        }
        catch (ConflictException) when (!last)
        {
            return null;
        }
    }

    // Null when the branch moved on meanwhile: it is worked out again.
    private async Task<MergeResult?> CommitAsync(
        Dataset dataset, Guid request, CommitIntent intent, DatasetVersion? from, DatasetVersion ours, DatasetVersion? theirs, MergeStrategy strategy, bool last, CancellationToken cancellationToken)
    {
        var manifests = datasets.Manifests;
        var theirRoot = await RootAsync(theirs);
        var compared = await ThreeWay.CompareAsync(manifests, await RootAsync(from), await RootAsync(ours), theirRoot, strategy, cancellationToken);
        if (compared.ConflictCount > 0)
        {
            return new MergeResult { Outcome = MergeOutcome.Conflicts, Head = ours, Base = from?.Version, Conflicts = compared.Conflicts, ConflictCount = compared.ConflictCount };
        }

        var origins = theirs is null || compared.Taken.Count == 0 ? [] : await datasets.OriginsAsync(theirs, cancellationToken);
        var content = new CommitContent
        {
            Taken = [.. compared.Taken.Select(taken => new TakenEntry(taken.Entry, SourceRanges.Slice(origins, taken.Row, taken.Entry.Rows)))],
            Removed = compared.Removed,
            Schema = intent.Merged is null ? ours.Schema : SchemaMerge.Merge(from?.Schema ?? [], ours.Schema, theirs!.Schema),
        };
        try
        {
            var (version, made) = await commits.CommitAsync(dataset, request, intent, content, cancellationToken);
            return new MergeResult { Outcome = made ? MergeOutcome.Merged : MergeOutcome.UpToDate, Head = version, Base = from?.Version };
        }
        catch (ConflictException) when (!last)
        {
            if ((await table.FindBranchHeadAsync(dataset.Id, intent.Branch))?.Commit == ours.Commit)
            {
                throw;
            }

            return null;
        }

        async Task<ManifestRoot> RootAsync(DatasetVersion? version) =>
            version is null ? ManifestRoot.Empty : await manifests.ReadRootAsync(DatasetReference.CheckThere(version).Content, cancellationToken);
    }

    private async Task<DatasetVersion> HeadAsync(Dataset dataset, string branch, BlobId? expected)
    {
        var intent = new CommitIntent { Branch = branch, ExpectedHead = expected, Message = "", Author = "" };
        return await commits.HeadAsync(dataset, intent)
            ?? throw new NotFoundException($"Branch '{branch}' of dataset '{dataset.Name}' has no commit yet. POST .../datasets/{dataset.Name}/commits makes the first.");
    }

    private static NotFoundException Missing(Dataset dataset, string version) =>
        new($"Dataset '{dataset.Name}' has no version '{version}'. GET .../datasets/{dataset.Name}/versions lists them, .../branches the branches.");
}
