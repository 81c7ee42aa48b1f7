using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets;

/// <summary>Turns an upload into a version: bytes and manifests go into the blob store first, then the dataset's grain moves the head.</summary>
internal sealed class DatasetCommits(DatasetIngest ingest, DatasetTable table, DatasetBlobs datasets, BlobStore blobs, IGrainFactory grains, TimeProvider time)
{
    // Others may commit while a large upload streams in; the bytes are kept and only the manifest is built again.
    private const int Attempts = 8;

    /// <summary>Commits once per request id. An upload that changes nothing answers the newest version, and makes none.</summary>
    /// <returns>The version, and whether this call made it.</returns>
    public async Task<(DatasetVersion Version, bool Made)> CommitAsync(
        Dataset dataset, Guid request, UploadOptions options, Stream body, CancellationToken cancellationToken)
    {
        if (await table.FindByRequestAsync(dataset.Id, request) is { } done)
        {
            return (done, true);
        }

        var parent = await table.FindVersionAsync(dataset.Id, DatasetReference.Latest);
        var path = EntryPath.Check(options.Path ?? FormattableString.Invariant($"part-{(parent?.Version ?? 0) + 1:d6}.{(options.Format == IngestFormats.File ? "bin" : options.Format)}"));
        var incoming = await ingest.ReadAsync(
            new IngestRequest { Kind = dataset.Kind, Format = options.Format, Header = options.Header, Path = path, Schema = parent?.Schema }, body, cancellationToken);
        var fetchedAt = Whole(time.GetUtcNow());
        for (var attempt = 1; ; attempt++)
        {
            var owner = DatasetGrain.BlobOwner(request);
            var version = await BuildAsync(dataset, parent, options, path, incoming, fetchedAt, owner, cancellationToken);
            if (version is null)
            {
                return (await TagAsync(dataset, parent!, options.Tags), false);
            }

            try
            {
                var commit = new CommitRequest { Id = request, ExpectedHead = parent?.Commit, Version = version };
                return (await grains.GetGrain<IDatasetGrain>(dataset.Id).CommitAsync(commit), true);
            }
            catch (ConflictException) when (attempt < Attempts)
            {
                parent = await table.FindVersionAsync(dataset.Id, DatasetReference.Latest);
            }
            catch (OrleansDLException)
            {
                await blobs.UnreferAsync(owner);
                throw;
            }
        }
    }

    /// <summary>Null when nothing changes.</summary>
    private async Task<DatasetVersion?> BuildAsync(
        Dataset dataset, DatasetVersion? parent, UploadOptions options, string path, IngestResult incoming, DateTimeOffset fetchedAt, string owner, CancellationToken cancellationToken)
    {
        var onto = options.Replace ? null : parent;
        var root = onto is null ? ManifestRoot.Empty : await datasets.Manifests.ReadRootAsync(onto.Content, cancellationToken);
        await CheckFoldersAsync(root, incoming.Entries, cancellationToken);
        var edit = await datasets.Manifests.AddAsync(root, incoming.Entries, cancellationToken);
        if (edit.Digest == parent?.Content)
        {
            return null;
        }

        var schema = parent is null ? incoming.Columns : SchemaRules.Evolve(parent.Schema, incoming.Columns, ordered: options.Format == IngestFormats.Csv);

        // Images that were there already under the same path bring no rows, and so no statistics.
        var rows = dataset.Kind == DatasetKind.Image ? ImageTable.Summarize([.. edit.Added.Select(added => added.Entry)]) : incoming.Statistics;
        var statistics = onto is null ? rows : StatisticsMerge.Merge(schema, await datasets.StatisticsAsync(onto, cancellationToken), rows);
        var source = new DatasetSource
        {
            Uri = $"upload:{path}",
            Sha256 = incoming.Source.Blob,
            Bytes = incoming.Source.Bytes,
            FirstRow = 0,
            Rows = 0,
            FetchedAt = fetchedAt,
        };
        var sources = SourceRanges.Insert(onto?.Sources ?? [], edit.Added.Select(added => (added.FirstRow, added.Entry.Rows, source)));
        var commit = new CommitDocument
        {
            Dataset = dataset.Id,
            Parents = parent is null ? [] : [parent.Commit],
            Manifest = edit.Digest,
            Schema = await PutAsync(CommitFormat.WriteSchema(dataset.Kind, schema)),
            Statistics = await PutAsync(CommitFormat.WriteStatistics(statistics)),
            Origins = await PutAsync(CommitFormat.WriteOrigins(sources)),
            Author = options.Author,
            Message = options.Message,
            Time = Whole(time.GetUtcNow()),
            Sources = [new CommitSource { Uri = source.Uri, Sha256 = source.Sha256, Bytes = source.Bytes, FetchedAt = fetchedAt }],
        };
        var digest = await PutAsync(CommitFormat.WriteCommit(commit));
        await blobs.ReferAsync(owner, edit.Written.Concat(incoming.Entries.Select(entry => entry.Blob)).Concat([commit.Schema, commit.Statistics, commit.Origins, digest]));
        return new DatasetVersion
        {
            Dataset = dataset.Id,
            DatasetName = dataset.Name,
            Version = (parent?.Version ?? 0) + 1,
            Commit = digest,
            Content = edit.Digest,
            Parent = parent?.Commit,
            Message = options.Message,
            Tags = options.Tags,
            Rows = edit.Root.Rows,
            Bytes = edit.Root.Bytes,
            Files = edit.Root.Count,
            Schema = schema,
            Sources = sources,
            CommittedAt = commit.Time,
            RowsAdded = edit.Root.Rows - (parent?.Rows ?? 0),
            Kind = dataset.Kind,
        };

        async Task<BlobId> PutAsync(ReadOnlyMemory<byte> bytes) => (await blobs.PutAsync(bytes, cancellationToken)).Blob;
    }

    // A version's files are laid out as files again: what is a file there cannot become a folder here.
    private async Task CheckFoldersAsync(ManifestRoot root, IReadOnlyList<DatasetEntry> entries, CancellationToken cancellationToken)
    {
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            for (var slash = entry.Path.LastIndexOf('/'); slash > 0 && folders.Add(entry.Path[..slash]); slash = entry.Path.LastIndexOf('/', slash - 1))
            {
                if (await datasets.Manifests.FindAsync(root, entry.Path[..slash], cancellationToken) is not null)
                {
                    throw new ConflictException($"'{entry.Path[..slash]}' is a file of the dataset and cannot become a folder. Commit under another path.");
                }
            }
        }

        if (entries is [var single])
        {
            await foreach (var next in datasets.Manifests.EntriesAsync(root, single.Path + "/", cancellationToken))
            {
                if (next.Path.StartsWith(single.Path + "/", StringComparison.Ordinal))
                {
                    throw new ConflictException($"'{single.Path}' is a folder of the dataset and cannot become a file. Commit under another path.");
                }

                break;
            }
        }
    }

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
