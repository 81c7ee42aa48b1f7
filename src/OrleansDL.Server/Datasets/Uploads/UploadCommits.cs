using Microsoft.Extensions.Options;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Makes a version of files whose bytes were uploaded before. Files that the branch has already are not read again.</summary>
internal sealed class UploadCommits(
    DatasetBlobs datasets, DatasetCommits commits, DatasetIngest ingest, ProjectBlobs projects, IOptions<UploadLimits> options)
{
    // Up to so many files each keep their own name as the source of their rows; of more, the list of them is the source.
    private const int OwnSources = 256;

    /// <exception cref="InvalidException">A line cannot be read, or names bytes that the project did not send.</exception>
    public async Task<(DatasetVersion Version, bool Made)> CommitAsync(
        Dataset dataset, Guid request, UploadCommitHead head, UploadCommitReader lines, string author, CancellationToken cancellationToken)
    {
        if (await commits.FindAsync(dataset, request) is { } done)
        {
            return (done, true);
        }

        var intent = new CommitIntent
        {
            Branch = head.Branch,
            ExpectedHead = head.ExpectedHead,
            Message = head.Message,
            Tags = head.Tags,
            Author = author,
            Replace = head.Replace,
        };
        var (added, removed) = await ReadAsync(lines, cancellationToken);
        var parent = await commits.HeadAsync(dataset, intent);
        if (added.Count + removed.Count == 0 && parent is null)
        {
            throw new InvalidException("The commit names no file, and the branch has none. Add a line {\"add\": PATH, \"blob\": DIGEST} for each file.");
        }

        var there = await ThereAsync(parent, added, cancellationToken);
        var bytes = await BytesAsync(dataset, added, there, cancellationToken);
        var content = await ContentAsync(dataset, parent, head, added, removed, there, bytes, lines.Digest(), cancellationToken);
        return await commits.CommitAsync(dataset, request, intent, content, cancellationToken);
    }

    private async Task<(List<UploadCommitLine> Added, List<string> Removed)> ReadAsync(UploadCommitReader lines, CancellationToken cancellationToken)
    {
        var added = new List<UploadCommitLine>();
        var removed = new List<string>();
        await foreach (var line in lines.ReadAsync(cancellationToken))
        {
            if (line.Remove is not null)
            {
                EntryPath.Check(line.Remove.EndsWith('/') ? line.Remove[..^1] : line.Remove);
                removed.Add(line.Remove);
            }
            else
            {
                added.Add(line);
            }

            if (added.Count + removed.Count > options.Value.MaximumCommitFiles)
            {
                throw new TooLargeException($"The commit names more than {options.Value.MaximumCommitFiles} files. Commit fewer at once, or raise Datasets:Uploads:MaximumCommitFiles.");
            }
        }

        added.Sort((x, y) => EntryPath.Compare(x.Add, y.Add));
        for (var i = 1; i < added.Count; i++)
        {
            if (added[i - 1].Add == added[i].Add)
            {
                throw new InvalidException($"'{EntryPath.Shorten(added[i].Add!)}' is added twice. Name each path once.");
            }
        }

        return (added, removed);
    }

    /// <summary>What the branch has at the paths that are added.</summary>
    private async Task<Dictionary<string, DatasetEntry>> ThereAsync(DatasetVersion? parent, List<UploadCommitLine> added, CancellationToken cancellationToken) =>
        parent is null
            ? new(StringComparer.Ordinal)
            : await ManifestRanges.FindAsync(
                datasets.Manifests, await datasets.Manifests.ReadRootAsync(parent.Content, cancellationToken), [.. added.Select(line => line.Add!)], cancellationToken);

    /// <summary>The sizes of the bytes that are named, all of which must be the project's own.</summary>
    private async Task<Dictionary<BlobId, long>> BytesAsync(
        Dataset dataset, List<UploadCommitLine> added, Dictionary<string, DatasetEntry> there, CancellationToken cancellationToken)
    {
        var asked = new HashSet<BlobId>();
        var bytes = new Dictionary<BlobId, long>();
        foreach (var line in added)
        {
            if (there.TryGetValue(line.Add!, out var entry) && entry.Blob == line.Blob)
            {
                bytes[entry.Blob] = entry.Bytes;
            }
            else
            {
                asked.Add(line.Blob!.Value);
            }
        }

        foreach (var (blob, size) in await projects.FindAsync(dataset.Project, asked, cancellationToken))
        {
            bytes[blob] = size;
        }

        return added.FirstOrDefault(line => !bytes.ContainsKey(line.Blob!.Value)) is { } unknown
            ? throw new InvalidException(
                $"'{EntryPath.Shorten(unknown.Add!)}' names {unknown.Blob}, whose bytes were not uploaded to project '{dataset.Project}' (or were collected since). Upload them first.")
            : bytes;
    }

    private async Task<CommitContent> ContentAsync(
        Dataset dataset, DatasetVersion? parent, UploadCommitHead head, List<UploadCommitLine> added, List<string> removed,
        Dictionary<string, DatasetEntry> there, Dictionary<BlobId, long> bytes, BlobRef list, CancellationToken cancellationToken)
    {
        var results = new List<IngestResult>();
        var gone = new List<string>(removed);
        var schema = parent?.Schema;
        foreach (var line in added)
        {
            var blob = new BlobRef { Blob = line.Blob!.Value, Bytes = bytes[line.Blob.Value] };
            var old = there.GetValueOrDefault(line.Add!);
            var same = old is not null && old.Blob == blob.Blob;
            if (same && !head.Replace && IsAsSaid(old!, line))
            {
                continue;
            }

            if (old is not null && !head.Replace)
            {
                gone.Add(line.Add!);
            }

            var result = await ReadAsync(dataset, line, blob, schema, cancellationToken) with { Uri = $"{head.Source ?? "upload:"}{line.Add}" };
            schema = result.Columns.Count > 0 && schema is null ? result.Columns : schema;
            results.Add(result);
        }

        if (results.Count > OwnSources)
        {
            var uri = $"{head.Source ?? "upload:"}{results.Count} files";
            results = [.. results.Select(result => result with { Source = list, Uri = uri })];
        }

        return new CommitContent { Added = results, Removed = gone };
    }

    private async Task<IngestResult> ReadAsync(Dataset dataset, UploadCommitLine line, BlobRef blob, IReadOnlyList<Column>? schema, CancellationToken cancellationToken)
    {
        var request = new IngestRequest
        {
            Kind = dataset.Kind,
            Format = UploadFormats.Of(line.Add!, line.Format, dataset.Kind),
            Header = line.Header switch { null => HeaderMode.Auto, true => HeaderMode.Yes, false => HeaderMode.No },
            Path = line.Add!,
            Schema = schema,
        };
        var result = await ingest.ReadStoredAsync(request, blob, cancellationToken);
        return line.Label is null && line.Split is null
            ? result
            : result with { Entries = [.. result.Entries.Select(entry => entry with { Label = line.Label ?? entry.Label, Split = line.Split ?? entry.Split })] };
    }

    private static bool IsAsSaid(DatasetEntry entry, UploadCommitLine line) =>
        (line.Format is null || line.Format == entry.Format)
        && (line.Header is null || line.Header == entry.Header)
        && (line.Label is null || line.Label == entry.Label)
        && (line.Split is null || line.Split == entry.Split);
}
