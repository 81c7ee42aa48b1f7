using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Datasets.Uploads;

namespace OrleansDL.Datasets.Imports;

/// <summary>Does an import: lists the source, fetches what is not here, commits. It may be killed anywhere and begun again.</summary>
internal sealed class ImportWork(
    ImportTable table, AllowedSources allowed, HttpSource http, S3Source s3, ImportFetch fetch, ImportListing listing, BlobStore blobs, ProjectBlobs projects,
    UploadCommits commits, IGrainFactory grains, IOptions<ImportOptions> options, TimeProvider time)
{
    private const int PageObjects = 4096;
    private const long PackBytes = 64 << 20;

    public static StagedBlob Stage(BlobStore blobs, Guid import) => blobs.Stage($"import-{import:N}");

    public async Task<DatasetVersion> RunAsync(DatasetImport import, string project, CancellationToken cancellationToken)
    {
        var source = allowed.Check(import.Spec.Source);
        ISourceReader reader = source.Scheme == "s3" ? s3 : http;
        var dataset = await grains.GetGrain<IDatasetGrain>(import.Dataset).GetAsync();
        if (!await table.IsListedAsync(import.Id))
        {
            await ListAsync(import.Id, source, reader, cancellationToken);
        }

        long next = 0;
        while (await table.ObjectsAsync(import.Id, next, PageObjects, missing: true) is { Count: > 0 } page)
        {
            next = page[^1].Ordinal + 1;
            foreach (var batch in Batches(page))
            {
                await StoreAsync(import, project, source, reader, batch, cancellationToken);
            }
        }

        return await CommitAsync(import, dataset, source, reader, cancellationToken);
    }

    private async Task ListAsync(Guid id, Uri source, ISourceReader reader, CancellationToken cancellationToken)
    {
        // An earlier attempt may have listed a part.
        await table.ClearAsync(id);
        var page = new List<ImportObject>();
        var (objects, bytes) = (0L, 0L);
        await foreach (var found in reader.ListAsync(source, cancellationToken))
        {
            found.Ordinal = objects++;
            bytes += Math.Max(0, found.Bytes);
            if (objects > options.Value.MaximumObjects || bytes > options.Value.MaximumBytes)
            {
                throw new TooLargeException(
                    $"'{source}' holds more than {options.Value.MaximumObjects} objects or {options.Value.MaximumBytes} bytes. Import a part of it, or raise Datasets:Imports:MaximumObjects or MaximumBytes.");
            }

            page.Add(found);
            if (page.Count == PageObjects)
            {
                await table.AddAsync(id, page);
                page.Clear();
            }
        }

        await table.AddAsync(id, page);
        if (objects == 0)
        {
            throw new NotFoundException($"There is nothing below '{source}'. Check the prefix.");
        }

        await table.ListedAsync(id, objects, bytes);
    }

    private async Task StoreAsync(DatasetImport import, string project, Uri source, ISourceReader reader, IReadOnlyList<ImportObject> batch, CancellationToken cancellationToken)
    {
        if (batch is [{ Ordinal: 0 } only] && await table.ObjectsAsync(import.Id, 1, 1, missing: false) is [])
        {
            using var staged = Stage(blobs, import.Id);
            var begun = (await table.FindAsync(import.Id))!.BytesDone;
            await fetch.IntoAsync(staged, begun, source, reader, only, () => table.PinAsync(import.Id, only), bytes => table.ProgressAsync(import.Id, bytes), cancellationToken);
            Stored(only, await staged.CompleteAsync(cancellationToken));
        }
        else
        {
            await using var pack = blobs.CreatePack();
            using var one = new SemaphoreSlim(1);
            await Parallel.ForEachAsync(batch, new ParallelOptions { MaxDegreeOfParallelism = options.Value.Parallel, CancellationToken = cancellationToken }, async (found, cancel) =>
            {
                if (found.Bytes >= BlobStore.PackedBelow)
                {
                    Stored(found, await fetch.IntoStoreAsync(source, reader, found, cancel));
                    return;
                }

                var bytes = await fetch.IntoMemoryAsync(source, reader, found, cancel);
                await one.WaitAsync(cancel);
                try
                {
                    Stored(found, await pack.AddAsync(bytes, cancel));
                }
                finally
                {
                    one.Release();
                }
            });
            await pack.CompleteAsync(cancellationToken);
        }

        await projects.AddAsync(project, batch.Select(found => BlobId.Parse(found.Sha256!)), cancellationToken);
        await table.StoredAsync(import.Id, batch);

        void Stored(ImportObject found, BlobRef blob) => (found.Sha256, found.Bytes, found.FetchedAt) = (blob.Blob.Hex, blob.Bytes, time.Now());
    }

    private async Task<DatasetVersion> CommitAsync(DatasetImport import, Dataset dataset, Uri source, ISourceReader reader, CancellationToken cancellationToken)
    {
        var spec = import.Spec;
        var files = new List<NewFile>();
        long next = 0;
        while (await table.ObjectsAsync(import.Id, next, PageObjects, missing: false) is { Count: > 0 } page)
        {
            next = page[^1].Ordinal + 1;
            files.AddRange(page.Select(found => new NewFile
            {
                Line = new UploadCommitLine
                {
                    Add = ImportPaths.Of(spec, source, found),
                    Blob = BlobId.Parse(found.Sha256!),
                    Format = spec.Format,
                    Header = spec.Header,
                    Split = spec.Split,
                },
                Uri = reader.UriOf(source, found),
                Bytes = found.Bytes,
                ETag = found.Etag ?? (found.Modified is null ? null : $"modified {found.Modified}"),
                VersionId = found.VersionId,
                FetchedAt = Micros.ToTime(found.FetchedAt!.Value),
            }));
        }

        var head = new UploadCommitHead
        {
            Branch = spec.Branch,
            Message = spec.Message ?? $"Import {spec.Source}",
            Tags = spec.Tags,
            Replace = spec.Replace,
            Types = spec.Types,
        };
        var list = await listing.WriteAsync(files, cancellationToken);
        var (version, made) = await commits.CommitAsync(dataset, import.Id, head, files, [], list, spec.Source, import.Author, cancellationToken);
        if (made && list is not null)
        {
            // The list of what was imported is kept as long as the commit's own bytes: sources are checked against it.
            await blobs.ReferAsync(DatasetGrain.BlobOwner(import.Id), [list.Blob]);
        }

        return version;
    }

    private static IEnumerable<IReadOnlyList<ImportObject>> Batches(IReadOnlyList<ImportObject> page)
    {
        var batch = new List<ImportObject>();
        long bytes = 0;
        foreach (var found in page)
        {
            batch.Add(found);
            bytes += Math.Max(0, found.Bytes);
            if (bytes >= PackBytes)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
