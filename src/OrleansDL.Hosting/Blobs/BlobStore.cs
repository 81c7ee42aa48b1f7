using Dapper;
using Microsoft.Extensions.Options;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Content-addressed bytes in a local folder: a blob's name is the SHA-256 of its bytes. Bytes first, then the name in the database.</summary>
public sealed class BlobStore
{
    private readonly Db _database;
    private readonly TimeProvider _time;
    private readonly string _root;
    private readonly string _incoming;

    public BlobStore(Db database, TimeProvider time, IOptions<BlobOptions> options)
    {
        _database = database;
        _time = time;
        _root = Path.GetFullPath(options.Value.Directory);
        _incoming = Path.Combine(_root, "incoming");
        Directory.CreateDirectory(_incoming);
    }

    /// <summary>Begins a blob; its id is known when it is complete.</summary>
    public BlobWriter Create() => new(this, Path.Combine(_incoming, Guid.NewGuid().ToString("N")));

    public async Task<BlobRef> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        await using var writer = Create();
        await writer.WriteAsync(bytes, cancellationToken);
        return await writer.CompleteAsync(cancellationToken);
    }

    public async Task<BlobRef> PutAsync(Stream bytes, CancellationToken cancellationToken = default)
    {
        await using var writer = Create();
        await bytes.CopyToAsync(writer, 1 << 18, cancellationToken);
        return await writer.CompleteAsync(cancellationToken);
    }

    public Task<bool> ExistsAsync(BlobId blob, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(File.Exists(PathOf(blob)));
    }

    /// <summary>Opens a blob for reading; the stream can seek.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    public Task<Stream> OpenReadAsync(BlobId blob, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult<Stream>(
                new FileStream(PathOf(blob), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(blob);
        }
    }

    /// <summary>A file of this machine that holds the blob, for linking; it must not be written to.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    public async Task<string> FetchAsync(BlobId blob, CancellationToken cancellationToken = default) =>
        await ExistsAsync(blob, cancellationToken) ? PathOf(blob) : throw Missing(blob);

    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    public async Task<byte[]> ReadAsync(BlobId blob, CancellationToken cancellationToken = default)
    {
        try
        {
            return await File.ReadAllBytesAsync(PathOf(blob), cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(blob);
        }
    }

    /// <summary>Where the blob lies (or would lie) in the folder.</summary>
    internal string PathOf(BlobId blob) => Path.Combine(_root, blob.Hex[..2], blob.Hex[2..]);

    /// <summary>Says that an owner (for example <c>run:ID</c>) needs blobs: they are kept until it no longer does.</summary>
    public async Task ReferAsync(string owner, IEnumerable<BlobId> blobs)
    {
        await using var connection = await _database.OpenAsync();
        await using var transaction = await _database.BeginAsync(connection);
        await connection.ExecuteAsync(
            "INSERT INTO blob_reference (owner, sha256) VALUES (@owner, @sha256) ON CONFLICT DO NOTHING",
            blobs.Distinct().Select(blob => new { owner, sha256 = blob.Hex }).ToList(), transaction);
        await transaction.CommitAsync();
    }

    /// <summary>Takes back what an owner said it needs: all of it, or only the given blobs.</summary>
    public async Task UnreferAsync(string owner, IEnumerable<BlobId>? blobs = null)
    {
        await using var connection = await _database.OpenAsync();
        if (blobs is null)
        {
            await connection.ExecuteAsync("DELETE FROM blob_reference WHERE owner = @owner", new { owner });
            return;
        }

        await connection.ExecuteAsync(
            "DELETE FROM blob_reference WHERE owner = @owner AND sha256 = @sha256",
            blobs.Select(blob => new { owner, sha256 = blob.Hex }).ToList());
    }

    /// <summary>Removes blobs that nothing refers to and that were stored before a time, and uploads left behind. Answers the bytes freed.</summary>
    public async Task<long> SweepAsync(DateTimeOffset storedBefore, CancellationToken cancellationToken = default)
    {
        var freed = 0L;
        foreach (var file in new DirectoryInfo(_incoming).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc < storedBefore)
            {
                freed += file.Length;
                file.Delete();
            }
        }

        await using var connection = await _database.OpenAsync(cancellationToken);
        var unnamed = (await connection.QueryAsync<(string Sha256, long Bytes)>(
            "SELECT sha256, bytes FROM blob WHERE stored_at < @before AND NOT EXISTS (SELECT 1 FROM blob_reference r WHERE r.sha256 = blob.sha256)",
            new { before = Micros.From(storedBefore) })).ToList();
        foreach (var (sha256, bytes) in unnamed)
        {
            // The row goes first, and only if still unnamed and old: a writer that stores the same bytes again has renewed it.
            var gone = await connection.ExecuteAsync(
                "DELETE FROM blob WHERE sha256 = @sha256 AND stored_at < @before AND NOT EXISTS (SELECT 1 FROM blob_reference r WHERE r.sha256 = blob.sha256)",
                new { sha256, before = Micros.From(storedBefore) });
            if (gone > 0)
            {
                File.Delete(PathOf(BlobId.Parse(sha256)));
                freed += bytes;
            }
        }

        return freed;
    }

    internal async Task RecordAsync(BlobRef blob)
    {
        await using var connection = await _database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO blob (sha256, bytes, stored_at) VALUES (@sha256, @bytes, @now) ON CONFLICT (sha256) DO UPDATE SET stored_at = excluded.stored_at",
            new { sha256 = blob.Blob.Hex, bytes = blob.Bytes, now = _time.Now() });
    }

    private static NotFoundException Missing(BlobId blob) => new(
        $"The blob store has no blob {blob}. If the database was restored or moved, restore or move the blob folder of the same time with it.");
}
