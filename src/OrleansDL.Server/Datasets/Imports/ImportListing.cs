using System.Text.Json;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Uploads;

namespace OrleansDL.Datasets.Imports;

/// <summary>The list of what an import of many objects fetched, as a document of its own: one line each, sorted by path.</summary>
internal sealed class ImportListing(BlobStore blobs)
{
    public const string Format = "odl-listing/1";

    /// <summary>Null when each object is named by the commit itself.</summary>
    public async Task<BlobRef?> WriteAsync(List<NewFile> files, CancellationToken cancellationToken)
    {
        if (files.Count <= UploadCommits.OwnSources)
        {
            return null;
        }

        await using var writer = blobs.Create();
        await WriteAsync(writer, new { format = Format });
        foreach (var file in files.OrderBy(file => file.Line.Add!, PathOrder.Comparer))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await WriteAsync(writer, new ListedSource { Uri = file.Uri!, ETag = file.ETag, VersionId = file.VersionId, Bytes = file.Bytes, Sha256 = file.Line.Blob!.Value });
        }

        return await writer.CompleteAsync(cancellationToken);
    }

    /// <summary>Reads it again.</summary>
    public async IAsyncEnumerable<ListedSource> ReadAsync(BlobId list)
    {
        using var reader = new StreamReader(await blobs.OpenReadAsync(list));
        await reader.ReadLineAsync();
        while (await reader.ReadLineAsync() is { } line)
        {
            yield return JsonSerializer.Deserialize<ListedSource>(line, OdlJson.Options)!;
        }
    }

    private static async Task WriteAsync<T>(Stream target, T line)
    {
        await target.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, OdlJson.Options));
        await target.WriteAsync("\n"u8.ToArray());
    }
}
