using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Validation;

namespace OrleansDL.Datasets;

/// <summary>Turns changes into a version: manifests and documents go into the blob store first, then the dataset's grain moves the branch.</summary>
internal sealed class DatasetCommits(
    DatasetTable table, DatasetBlobs datasets, VersionStatistics statistics, CommitValidation validation, BlobStore blobs, IGrainFactory grains, TimeProvider time)
{
    // Others may commit meanwhile; the bytes are kept and only the manifest is built again.
    private const int Attempts = 8;

    // Longer than a node is down before its grains go on elsewhere.
    private static readonly TimeSpan Lease = TimeSpan.FromHours(24);

    /// <summary>Commits once per request id. A commit that changes nothing answers the branch's head, and makes none.</summary>
    /// <returns>The version, and whether this call made it.</returns>
    /// <exception cref="ConflictException">The branch is not at the expected head, or the content does not fit what is there.</exception>
    /// <exception cref="NotFoundException">There is no such branch, or nothing at a path to remove.</exception>
    public async Task<(DatasetVersion Version, bool Made)> CommitAsync(
        Dataset dataset, Guid request, CommitIntent intent, CommitContent content, CancellationToken cancellationToken)
    {
        if (await table.FindByRequestAsync(dataset.Id, request) is { } done)
        {
            return (done, true);
        }

        DatasetReference.CheckBranch(intent.Branch);
        var now = Whole(time.GetUtcNow());
        content = content with { Added = [.. IdxPairs.Join(content.Added).Select(added => added with { FetchedAt = Whole(added.FetchedAt ?? now) })] };
        var owner = DatasetGrain.BlobOwner(request);
        for (var attempt = 1; ; attempt++)
        {
            var head = await HeadAsync(dataset, intent);
            var parent = intent.Alone ? null : head ?? (intent.From is { } from ? await ExistingAsync(dataset, from) : null);
            var version = await BuildLeasedAsync(dataset, request, parent, intent, content, owner, cancellationToken);
            if (version is null)
            {
                return (await TagAsync(dataset, parent!, intent.Tags), false);
            }

            try
            {
                var commit = new CommitRequest { Id = request, ExpectedHead = version.Branch == intent.Branch ? head?.Commit : null, Version = version };
                return (await grains.GetGrain<IDatasetGrain>(dataset.Id).CommitAsync(commit), true);
            }
            catch (ConflictException) when (attempt < Attempts && intent.ExpectedHead is null)
            {
                // The next attempt refers to what it needs; what the lost one wrote is collected.
                await blobs.UnreferAsync(owner);
                if ((await table.FindBranchHeadAsync(dataset.Id, intent.Branch))?.Commit == head?.Commit)
                {
                    throw;
                }
            }
            catch (OrleansDLException)
            {
                await blobs.UnreferAsync(owner);
                throw;
            }
        }
    }

    /// <summary>The version that a request made already, or null: a repeated upload need not be read again.</summary>
    public Task<DatasetVersion?> FindAsync(Dataset dataset, Guid request) => table.FindByRequestAsync(dataset.Id, request);

    /// <summary>The head a commit would build on, or null when the branch has none yet.</summary>
    public async Task<DatasetVersion?> HeadAsync(Dataset dataset, CommitIntent intent)
    {
        var head = await table.FindBranchHeadAsync(dataset.Id, intent.Branch);
        if (intent.ExpectedHead is { } expected && head?.Commit != expected)
        {
            throw new ConflictException(
                $"Branch '{intent.Branch}' of dataset '{dataset.Name}' is at {(head is null ? "no commit" : $"v{head.Version} ({head.Commit})")} and not at {expected}: someone committed in between. Look at what changed and commit again on top of it.");
        }

        return head is null && intent is { From: null, Alone: false } && intent.Branch != DatasetReference.Main
            ? throw new NotFoundException($"Dataset '{dataset.Name}' has no branch '{intent.Branch}'. POST .../datasets/{dataset.Name}/branches makes it.")
            : head;
    }

    /// <summary>Builds a version while what came in is leased: the database has as much to do as the processor. Where nothing changes the lease ends by itself: another
    /// try of the same request may have made the version that keeps it.</summary>
    private async Task<DatasetVersion?> BuildLeasedAsync(
        Dataset dataset, Guid request, DatasetVersion? parent, CommitIntent intent, CommitContent content, string owner, CancellationToken cancellationToken)
    {
        var came = content.Added.SelectMany(added => added.Entries).Concat(content.Taken.Select(taken => taken.Entry)).Select(entry => entry.Blob);
        var leasing = Task.Run(() => blobs.LeaseAsync(owner, came, Lease, cancellationToken), CancellationToken.None);
        try
        {
            var version = await BuildAsync(dataset, request, parent, intent, content, owner, cancellationToken);
            await leasing;
            return version;
        }
        finally
        {
            // What is wrong is said after it: then there is nothing that another attempt, or the end of the lease, would meet half done.
            await leasing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Null when nothing changes.</summary>
    private async Task<DatasetVersion?> BuildAsync(
        Dataset dataset, Guid request, DatasetVersion? parent, CommitIntent intent, CommitContent content, string owner, CancellationToken cancellationToken)
    {
        var onto = intent.Replace || parent is null ? null : DatasetReference.CheckThere(parent);
        var root = onto is null ? ManifestRoot.Empty : await datasets.Manifests.ReadRootAsync(onto.Content, cancellationToken);
        var entries = content.Added.SelectMany(added => added.Entries).Concat(content.Taken.Select(taken => taken.Entry)).ToList();
        await new ManifestFolders(datasets.Manifests, root).CheckAsync([.. entries.Select(entry => entry.Path)], content.Removed, cancellationToken);

        // One pack, one flush and one transaction for all that a commit writes.
        await using var pack = blobs.CreatePack();
        var edit = await datasets.Manifests.EditAsync(root, entries, content.Removed, async (bytes, cancel) => (await pack.AddAsync(bytes, cancel)).Blob, cancellationToken);
        if (edit.Digest == parent?.Content && intent.Merged is null)
        {
            return null;
        }

        var schema = content.Schema ?? Evolve(parent?.Schema, content.Added);
        var summed = await statistics.ComputeAsync(dataset.Kind, schema, onto, root, edit, content, cancellationToken);
        // A parent whose bytes were deleted for good has nothing left to compare with.
        var found = intent.Alone ? null : await validation.CheckAsync(dataset, parent?.Gone is null ? parent : null, schema, edit.Root.Rows, summed, cancellationToken);
        var branch = intent.Branch;
        switch (found is null ? ValidationAction.Warn : CommitValidation.ActionOf(dataset.Policy, found))
        {
            case ValidationAction.Refuse:
                throw CommitValidation.Refusal(dataset.Name, found!);
            case ValidationAction.Quarantine:
                branch = CommitValidation.QuarantineBranch(request);
                found = found! with { QuarantinedFrom = intent.Branch };
                break;
        }

        var origins = SourceRanges.Edit(onto is null ? [] : await datasets.OriginsAsync(onto, cancellationToken), Origins(edit, content));
        var commit = new CommitDocument
        {
            Dataset = dataset.Id,
            Parents = new[] { parent?.Commit, intent.Merged }.OfType<BlobId>().ToArray(),
            Manifest = edit.Digest,
            Schema = await PutAsync(CommitFormat.WriteSchema(dataset.Kind, schema)),
            Statistics = await PutAsync(CommitFormat.WriteStatistics(summed.Whole.Columns, summed.Whole.Rows)),
            Origins = await PutAsync(CommitFormat.WriteOrigins(origins)),
            Author = intent.Author,
            Message = intent.Message,
            Time = Whole(time.GetUtcNow()),
            // Many files of one list have one source.
            Sources = [.. content.Added.Select(added => new CommitSource
            {
                Uri = Uri(added),
                Sha256 = added.Source.Blob,
                Bytes = added.Source.Bytes,
                FetchedAt = added.FetchedAt!.Value,
                Etag = added.ETag,
                VersionId = added.VersionId,
            }).Distinct().Concat((intent.Selection?.Commits ?? []).Select(from => new CommitSource
            {
                Uri = $"dataset:{dataset.Name}@v{from.Version}",
                Sha256 = from.Commit,
                Bytes = 0,
                FetchedAt = Whole(time.GetUtcNow()),
            }))],
        };
        var digest = await PutAsync(CommitFormat.WriteCommit(commit));
        await pack.CompleteAsync(cancellationToken);

        // The grain keeps what is leased here once the commit is part of its state: what never gets there ends by itself.
        await blobs.LeaseAsync(owner, edit.Written.Concat([commit.Schema, commit.Statistics, commit.Origins, digest]), Lease, cancellationToken);
        var shown = SourceRanges.Shorten(origins, content.Added.Select(added => added.Source.Blob).ToHashSet());
        return new DatasetVersion
        {
            Dataset = dataset.Id,
            DatasetName = dataset.Name,
            Version = 0,
            Commit = digest,
            Content = edit.Digest,
            Parent = parent?.Commit,
            Message = intent.Message,
            Tags = intent.Tags,
            Rows = edit.Root.Rows,
            Bytes = edit.Root.Bytes,
            Files = edit.Root.Count,
            Schema = schema,
            Sources = shown,
            CommittedAt = commit.Time,
            RowsAdded = edit.Root.Rows - (parent?.Rows ?? 0),
            Kind = dataset.Kind,
            Branch = branch,
            Parents = commit.Parents,
            Selection = intent.Selection,
            SourcesTruncated = shown.Count < origins.Count,
            Validation = found,
        };

        async Task<BlobId> PutAsync(ReadOnlyMemory<byte> bytes) => (await pack.AddAsync(bytes, cancellationToken)).Blob;
    }

    private static Column[] Evolve(IReadOnlyList<Column>? schema, IReadOnlyList<IngestResult> added)
    {
        foreach (var result in added)
        {
            schema = schema is null
                ? result.Columns
                : SchemaRules.Evolve(schema, result.Columns);
        }

        return schema?.ToArray() ?? [];
    }

    private static IEnumerable<(long, long, IEnumerable<DatasetSource>)> Origins(ManifestEdit edit, CommitContent content)
    {
        var came = new Dictionary<string, IngestResult>(StringComparer.Ordinal);
        foreach (var added in content.Added)
        {
            foreach (var entry in added.Entries)
            {
                came.TryAdd(entry.Path, added);
            }
        }

        var taken = content.Taken.ToDictionary(found => found.Entry.Path, found => found.Origins, StringComparer.Ordinal);
        foreach (var change in edit.Changes)
        {
            yield return (change.OldRow, change.Old?.Rows ?? 0, change.New is not { } entry ? [] : taken.GetValueOrDefault(entry.Path) ?? [Source(came[entry.Path], entry.Rows)]);
        }
    }

    private static DatasetSource Source(IngestResult added, long rows) => new()
    {
        Uri = Uri(added),
        Sha256 = added.Source.Blob,
        Bytes = added.Source.Bytes,
        FirstRow = 0,
        Rows = rows,
        FetchedAt = added.FetchedAt!.Value,
    };

    private static string Uri(IngestResult added) => added.Uri ?? $"upload:{added.Entries[0].Path}";

    private async Task<DatasetVersion> ExistingAsync(Dataset dataset, BlobId commit) =>
        await table.FindVersionAsync(dataset.Id, commit.ToString()) ?? throw new NotFoundException($"Dataset '{dataset.Name}' has no commit {commit}.");

    private async Task<DatasetVersion> TagAsync(Dataset dataset, DatasetVersion version, IReadOnlyList<string> tags)
    {
        foreach (var tag in tags)
        {
            version = await grains.GetGrain<IDatasetGrain>(dataset.Id).TagAsync(version.Version, tag);
        }

        return version;
    }

    private static DateTimeOffset Whole(DateTimeOffset now) => new(now.UtcTicks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
