using OrleansDL.Blobs;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Imports;

/// <summary>Asks the sources a version was imported from whether they still are what was fetched.</summary>
internal sealed class SourceChecks(BlobStore blobs, AllowedSources allowed, HttpSource http, S3Source s3, ImportListing listing)
{
    // As far back as sources are looked for.
    private const int MostCommits = 1000;

    public async Task<Page<SourceCheck>> CheckAsync(DatasetVersion version, CancellationToken cancellationToken)
    {
        var checks = new List<SourceCheck>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        BlobId? next = version.Commit;
        for (var i = 0; i < MostCommits && next is { } digest; i++)
        {
            var commit = CommitFormat.ReadCommit(await blobs.ReadAsync(digest, cancellationToken));
            foreach (var source in commit.Sources.Where(source => Uri.TryCreate(source.Uri, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "s3" && seen.Add(source.Uri)))
            {
                checks.Add(await CheckAsync(source, cancellationToken));
            }

            next = commit.Parents.Count > 0 ? commit.Parents[0] : null;
        }

        return new Page<SourceCheck> { Items = checks };
    }

    private async Task<SourceCheck> CheckAsync(CommitSource source, CancellationToken cancellationToken)
    {
        var check = new SourceCheck { Uri = source.Uri, State = "unknown", FetchedAt = source.FetchedAt };
        try
        {
            var uri = allowed.Check(source.Uri);
            if (uri.Scheme == "s3" && (uri.AbsolutePath.Length <= 1 || source.Uri.EndsWith('/')))
            {
                return await CheckListAsync(check, uri, source, cancellationToken);
            }

            ISourceReader reader = uri.Scheme == "s3" ? s3 : http;
            var now = await reader.LookAsync(uri, cancellationToken);
            return now is null ? check with { State = "gone" } : Compare(check, source.Etag, source.Bytes, now);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is SourceLostException or OrleansDLException or HttpRequestException or IOException)
        {
            return check with { Detail = e.Message };
        }
    }

    private async Task<SourceCheck> CheckListAsync(SourceCheck check, Uri uri, CommitSource source, CancellationToken cancellationToken)
    {
        var was = new Dictionary<string, ListedSource>(StringComparer.Ordinal);
        await foreach (var line in listing.ReadAsync(source.Sha256))
        {
            was.Add(line.Uri, line);
        }

        var (added, changed) = (0, 0);
        await foreach (var now in s3.ListAsync(uri, cancellationToken))
        {
            if (!was.Remove(s3.UriOf(uri, now), out var line))
            {
                added++;
            }
            else if (line.ETag != now.Etag || line.Bytes != now.Bytes)
            {
                changed++;
            }
        }

        return added + changed + was.Count == 0
            ? check with { State = "unchanged" }
            : check with { State = "changed", Detail = $"{added} objects more, {changed} with other bytes, {was.Count} gone." };
    }

    private static SourceCheck Compare(SourceCheck check, string? was, long bytes, ImportObject now)
    {
        var name = now.Etag ?? (now.Modified is null ? null : $"modified {now.Modified}");
        if (now.Bytes >= 0 && now.Bytes != bytes)
        {
            return check with { State = "changed", Detail = $"It has {now.Bytes} bytes and had {bytes}." };
        }

        return was is null || name is null
            ? check with { Detail = "The source names no ETag and no time of its last change." }
            : was == name ? check with { State = "unchanged" } : check with { State = "changed", Detail = $"It is {name} and was {was}." };
    }
}
