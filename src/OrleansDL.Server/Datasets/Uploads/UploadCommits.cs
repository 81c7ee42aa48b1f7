using Microsoft.Extensions.Options;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Makes a version of files whose bytes came before. Files that the branch has already are not read again.</summary>
internal sealed class UploadCommits(
    DatasetBlobs datasets, DatasetCommits commits, DatasetIngest ingest, ProjectBlobs projects, IOptions<UploadLimits> options)
{
    /// <summary>Up to so many files are each the source of their own rows; of more, the list of them is the source.</summary>
    public const int OwnSources = 256;

    /// <summary>Commits what a client lists.</summary>
    /// <exception cref="InvalidException">A line cannot be read, or names bytes that the project did not send.</exception>
    public async Task<(DatasetVersion Version, bool Made)> CommitAsync(
        Dataset dataset, Guid request, UploadCommitHead head, UploadCommitReader lines, string author, CancellationToken cancellationToken)
    {
        if (await commits.FindAsync(dataset, request) is { } done)
        {
            return (done, true);
        }

        // What a branch has already needs no look at the bytes; where it has nothing, the look begins while lines come in.
        var first = await commits.HeadAsync(dataset, Intent(head, author)) is null;
        var (added, removed, known) = await ReadAsync(dataset, lines, first, cancellationToken);
        return await CommitAsync(
            dataset, request, head, added, removed, lines.Digest(), $"{head.Source ?? "upload:"}{added.Count} files", author, cancellationToken, known);
    }

    /// <summary>Commits files that are known already.</summary>
    /// <param name="dataset">Where to.</param>
    /// <param name="request">Makes a repeat harmless.</param>
    /// <param name="head">Branch, message, tags.</param>
    /// <param name="added">Files to add or replace.</param>
    /// <param name="removed">Paths to remove.</param>
    /// <param name="list">What stands for all files together, when they are many.</param>
    /// <param name="listUri">How it is called.</param>
    /// <param name="author">Who commits.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="known">The sizes of bytes that were found to be the project's own a moment ago.</param>
    public async Task<(DatasetVersion Version, bool Made)> CommitAsync(
        Dataset dataset, Guid request, UploadCommitHead head, List<NewFile> added, List<string> removed, BlobRef? list, string listUri, string author, CancellationToken cancellationToken,
        IReadOnlyDictionary<BlobId, long>? known = null)
    {
        if (await commits.FindAsync(dataset, request) is { } done)
        {
            return (done, true);
        }

        var intent = Intent(head, author);
        Sort(added);
        var parent = await commits.HeadAsync(dataset, intent);
        if (added.Count + removed.Count == 0 && parent is null)
        {
            throw new InvalidException("The commit names no file, and the branch has none. Add a line {\"add\": PATH, \"blob\": DIGEST} for each file.");
        }

        var there = await ThereAsync(parent, added, cancellationToken);
        var bytes = await BytesAsync(dataset, added, there, known, cancellationToken);
        var (results, gone) = await ContentAsync(dataset, parent, head, added, there, bytes, cancellationToken);
        if (results.Count > OwnSources && list is not null)
        {
            // One source, so that neighbouring rows are one range of it.
            var fetchedAt = results.Max(result => result.FetchedAt);
            results = [.. results.Select(result => result with { Source = list, Uri = listUri, ETag = null, VersionId = null, FetchedAt = fetchedAt })];
        }

        return await commits.CommitAsync(dataset, request, intent, new CommitContent { Added = results, Removed = [.. removed, .. gone] }, cancellationToken);
    }

    private static CommitIntent Intent(UploadCommitHead head, string author) => new()
    {
        Branch = head.Branch,
        ExpectedHead = head.ExpectedHead,
        Message = head.Message,
        Tags = head.Tags,
        Author = author,
        Replace = head.Replace,
    };

    private async Task<(List<NewFile> Added, List<string> Removed, Dictionary<BlobId, long> Known)> ReadAsync(
        Dataset dataset, UploadCommitReader lines, bool look, CancellationToken cancellationToken)
    {
        var added = new List<NewFile>();
        var removed = new List<string>();
        var known = new Dictionary<BlobId, long>();
        var looking = Task.CompletedTask;
        try
        {
            await foreach (var line in lines.ReadAsync(cancellationToken))
            {
                if (line.Remove is not null)
                {
                    EntryPath.Check(line.Remove.EndsWith('/') ? line.Remove[..^1] : line.Remove);
                    removed.Add(line.Remove);
                }
                else
                {
                    added.Add(new NewFile { Line = line });
                }

                if (added.Count + removed.Count > options.Value.MaximumCommitFiles)
                {
                    throw new TooLargeException($"The commit names more than {options.Value.MaximumCommitFiles} files. Commit fewer at once, or raise Datasets:Uploads:MaximumCommitFiles.");
                }

                if (look && line.Remove is null && added.Count % ProjectBlobs.Batch == 0)
                {
                    looking = LookAsync(looking, [.. added.Skip(added.Count - ProjectBlobs.Batch).Select(file => file.Line.Blob!.Value)]);
                }
            }
        }
        finally
        {
            await looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await looking;
        return (added, removed, known);

        async Task LookAsync(Task before, BlobId[] asked)
        {
            await before;
            foreach (var (blob, size) in await Task.Run(() => projects.FindAsync(dataset.Project, asked, cancellationToken), cancellationToken))
            {
                known[blob] = size;
            }
        }
    }

    private static void Sort(List<NewFile> added)
    {
        foreach (var file in added)
        {
            EntryPath.Check(file.Line.Add!);
        }

        added.Sort((x, y) => PathOrder.Compare(x.Line.Add, y.Line.Add));
        for (var i = 1; i < added.Count; i++)
        {
            if (added[i - 1].Line.Add == added[i].Line.Add)
            {
                throw new InvalidException($"'{EntryPath.Shorten(added[i].Line.Add!)}' is added twice. Name each path once.");
            }
        }
    }

    /// <summary>What the branch has at the paths that are added.</summary>
    private async Task<Dictionary<string, DatasetEntry>> ThereAsync(DatasetVersion? parent, List<NewFile> added, CancellationToken cancellationToken) =>
        parent is null
            ? new(StringComparer.Ordinal)
            : await ManifestRanges.FindAsync(
                datasets.Manifests, await datasets.Manifests.ReadRootAsync(parent.Content, cancellationToken), [.. added.Select(file => file.Line.Add!)], cancellationToken);

    /// <summary>The sizes of the bytes that are named, all of which must be the project's own.</summary>
    private async Task<Dictionary<BlobId, long>> BytesAsync(
        Dataset dataset, List<NewFile> added, Dictionary<string, DatasetEntry> there, IReadOnlyDictionary<BlobId, long>? known, CancellationToken cancellationToken)
    {
        var asked = new HashSet<BlobId>();
        var bytes = known is null ? [] : new Dictionary<BlobId, long>(known);
        foreach (var file in added)
        {
            if (there.TryGetValue(file.Line.Add!, out var entry) && entry.Blob == file.Line.Blob)
            {
                bytes[entry.Blob] = entry.Bytes;
            }
            else if (!bytes.ContainsKey(file.Line.Blob!.Value))
            {
                asked.Add(file.Line.Blob!.Value);
            }
        }

        foreach (var (blob, size) in await projects.FindAsync(dataset.Project, asked, cancellationToken))
        {
            bytes[blob] = size;
        }

        return added.Find(file => !bytes.ContainsKey(file.Line.Blob!.Value)) is { } unknown
            ? throw new InvalidException(
                $"'{EntryPath.Shorten(unknown.Line.Add!)}' names {unknown.Line.Blob}, whose bytes were not uploaded to project '{dataset.Project}' (or were collected since). Upload them first.")
            : bytes;
    }

    /// <summary>What is new, and the paths at which it takes another file's place.</summary>
    private async Task<(List<IngestResult> Results, List<string> Gone)> ContentAsync(
        Dataset dataset, DatasetVersion? parent, UploadCommitHead head, List<NewFile> added,
        Dictionary<string, DatasetEntry> there, Dictionary<BlobId, long> bytes, CancellationToken cancellationToken)
    {
        var gone = new List<string>();
        var wanted = new List<NewFile>();
        foreach (var file in added)
        {
            var line = file.Line;
            var old = head.Replace ? null : there.GetValueOrDefault(line.Add!);
            if (old is not null && old.Blob == line.Blob && IsAsSaid(old, line))
            {
                continue;
            }

            if (old is not null)
            {
                gone.Add(line.Add!);
            }

            wanted.Add(file);
        }

        var types = TypeOverrides.Parse(head.Types);
        var results = new IngestResult[wanted.Count];
        if (dataset.Kind is not (DatasetKind.Image or DatasetKind.Files))
        {
            // The first table makes the schema that the others are held to.
            var schema = parent?.Schema;
            for (var i = 0; i < results.Length; i++)
            {
                results[i] = await ReadAsync(dataset, head, wanted[i], bytes, schema, types, cancellationToken);
                schema ??= results[i].Columns.Count > 0 ? results[i].Columns : null;
            }
        }
        else
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, results.Length, parallel, async (i, cancel) =>
                results[i] = await ReadAsync(dataset, head, wanted[i], bytes, parent?.Schema, types, cancel));
        }

        return ([.. results], gone);
    }

    private async Task<IngestResult> ReadAsync(
        Dataset dataset, UploadCommitHead head, NewFile file, Dictionary<BlobId, long> bytes, IReadOnlyList<Column>? schema, IReadOnlyDictionary<string, Column> types, CancellationToken cancellationToken)
    {
        var line = file.Line;
        var request = new IngestRequest
        {
            Kind = dataset.Kind,
            Format = UploadFormats.Of(line.Add!, line.Format, dataset.Kind),
            Header = line.Header switch { null => HeaderMode.Auto, true => HeaderMode.Yes, false => HeaderMode.No },
            Path = line.Add!,
            Schema = schema,
            Types = line.Types is { } own ? TypeOverrides.Parse(own) : types,
        };
        var result = await ingest.ReadStoredAsync(request, new BlobRef { Blob = line.Blob!.Value, Bytes = bytes[line.Blob.Value] }, cancellationToken);
        return result with
        {
            Entries = line.Label is null && line.Split is null
                ? result.Entries
                : [.. result.Entries.Select(entry => entry with { Label = line.Label ?? entry.Label, Split = line.Split ?? entry.Split })],
            Uri = file.Uri ?? $"{head.Source ?? "upload:"}{line.Add}",
            ETag = file.ETag,
            VersionId = file.VersionId,
            FetchedAt = file.FetchedAt,
        };
    }

    private static bool IsAsSaid(DatasetEntry entry, UploadCommitLine line) =>
        (line.Format is null || line.Format == entry.Format)
        && (line.Header is null || line.Header == entry.Header)
        && (line.Label is null || line.Label == entry.Label)
        && (line.Split is null || line.Split == entry.Split);
}
