using System.Formats.Tar;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets;

/// <summary>Gives a version's bytes back as they came in.</summary>
internal sealed class DatasetDownloads(DatasetBlobs datasets, BlobStore blobs)
{
    /// <summary>One file, with its digest; ranges are answered.</summary>
    public async Task<FileStreamHttpResult> FileAsync(DatasetVersion version, string path, HttpResponse response, CancellationToken cancellationToken)
    {
        var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
        var entry = await datasets.Manifests.FindAsync(root, path, cancellationToken)
            ?? throw new NotFoundException($"{version.DatasetName}@v{version.Version} has no file '{path}'. GET .../versions/v{version.Version}/files lists them.");

        // RFC 9530: the digest of the whole file, whatever range is asked for.
        response.Headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(entry.Blob.Hex))}:";
        return TypedResults.Stream(
            await blobs.OpenReadAsync(entry.Blob, cancellationToken),
            "application/octet-stream",
            path[(path.LastIndexOf('/') + 1)..],
            lastModified: null,
            entityTag: new EntityTagHeaderValue($"\"{entry.Blob.Hex}\""),
            enableRangeProcessing: true);
    }

    /// <summary>All files as a tar archive, the same bytes each time.</summary>
    public async Task WriteTarAsync(DatasetVersion version, HttpResponse response, CancellationToken cancellationToken)
    {
        var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
        response.ContentType = "application/x-tar";
        response.Headers.ContentDisposition = $"attachment; filename=\"{version.DatasetName}-v{version.Version}.tar\"";
        await using var tar = new TarWriter(response.Body, TarEntryFormat.Pax, leaveOpen: true);
        await foreach (var entry in datasets.Manifests.EntriesAsync(root, cancellationToken: cancellationToken))
        {
            await using var content = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, entry.Path) { DataStream = content, ModificationTime = version.CommittedAt }, cancellationToken);
        }
    }
}
