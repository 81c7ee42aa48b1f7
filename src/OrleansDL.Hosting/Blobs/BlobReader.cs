using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Blobs;

/// <summary>Finds blobs and hands out their bytes, each verified before: small blobs by their digest, large ones by the checksums of their blocks.</summary>
internal sealed partial class BlobReader(IBlobBackend backend, BlobCache cache, BlobRows rows, ILogger<BlobStore> logger)
{
    private const int MostVerified = 100_000;
    private static readonly BlobId Empty = BlobId.FromHash(SHA256.HashData([]));
    private readonly PackPlaces _places = new(rows);

    // Files that were verified as a whole by this process, by what changes when they do.
    private readonly ConcurrentDictionary<string, (long Length, DateTime WrittenAt)> _verified = new(StringComparer.Ordinal);

    public async Task<bool> ExistsAsync(BlobId blob, CancellationToken cancellationToken) => backend.IsLocal
        ? await IsLooseAsync(blob, cancellationToken) || await rows.FindPlaceAsync(blob, cancellationToken) is not null
        : await rows.FindPlaceAsync(blob, cancellationToken) is not null || await IsLooseAsync(blob, cancellationToken);

    public async Task<Stream> OpenAsync(BlobId blob, CancellationToken cancellationToken)
    {
        if (blob == Empty && await ExistsAsync(blob, cancellationToken))
        {
            // Of nothing no part can be asked for: some stores do not answer then.
            return new MemoryStream([], 0, 0, writable: false, publiclyVisible: true);
        }

        var found = await FindAsync(blob, cancellationToken) ?? throw Missing(blob);
        if (found.Length < BlobStore.PackedBelow)
        {
            try
            {
                using (found.Object)
                {
                    return new MemoryStream(await WholeAsync(blob, found, cancellationToken), 0, (int)found.Length, writable: false, publiclyVisible: true);
                }
            }
            catch (FileNotFoundException)
            {
                // The object went between finding and reading it, as packs do that are compacted: look again.
                _places.Forget(blob);
                var again = await FindAsync(blob, cancellationToken) ?? throw Missing(blob);
                using (again.Object)
                {
                    return new MemoryStream(await WholeAsync(blob, again, cancellationToken), 0, (int)again.Length, writable: false, publiclyVisible: true);
                }
            }
        }

        try
        {
            var sums = await SumsAsync(blob, found, cancellationToken);
            return new VerifiedStream(found.Object, sums, first => Damaged(blob, found.Key, $"in the MiB from byte {first} on"));
        }
        catch
        {
            found.Object.Dispose();
            throw;
        }
    }

    public async Task<byte[]> ReadAsync(BlobId blob, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(blob, cancellationToken);
        if (stream is MemoryStream small)
        {
            return small.GetBuffer();
        }

        if (stream.Length > Array.MaxLength)
        {
            throw new TooLargeException($"Blob {blob} has {stream.Length} bytes: too many to hold in memory at once. Open it as a stream.");
        }

        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    /// <summary>A verified file of this machine, and whether it lies in the cache, which may drop it.</summary>
    public async Task<(string File, bool Cached)> FetchAsync(BlobId blob, CancellationToken cancellationToken)
    {
        if (backend.FileOf(BlobKeys.Of(blob)) is { } own && File.Exists(own))
        {
            if (!IsVerified(own))
            {
                await using var all = await OpenAsync(blob, cancellationToken);
                await all.CopyToAsync(Stream.Null, cancellationToken);
                Remember(own);
            }

            return (own, false);
        }

        for (var again = false; ; again = true)
        {
            var file = await cache.GetAsync(blob.Hex, async path =>
            {
                await using var from = await OpenAsync(blob, cancellationToken);
                await using var to = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
                await from.CopyToAsync(to, BlobSums.BlockBytes, cancellationToken);
            });
            if (IsVerified(file) || await HasDigestAsync(file, blob, cancellationToken))
            {
                Remember(file);
                return (file, true);
            }

            // The copy is damaged, not the blob: fetch it again, once.
            cache.Remove(blob.Hex);
            if (again)
            {
                throw Damaged(blob, file, "in this machine's cache, twice: check its disk");
            }

            LogCopyDamaged(blob, file);
        }
    }

    /// <summary>Checks every byte of a blob against its digest.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the blob's.</exception>
    public async Task VerifyAsync(BlobId blob, CancellationToken cancellationToken)
    {
        var found = await FindAsync(blob, cancellationToken) ?? throw Missing(blob);
        using (found.Object)
        {
            if (found.Length < BlobStore.PackedBelow)
            {
                await WholeAsync(blob, found, cancellationToken);
            }
            else
            {
                await HashAsync(blob, found, cancellationToken);
            }
        }
    }

    public static NotFoundException Missing(BlobId blob) => new(
        $"The blob store has no blob {blob}. If the database was restored or moved, restore or move the blobs of the same time with it.");

    private async Task<bool> IsLooseAsync(BlobId blob, CancellationToken cancellationToken) =>
        await backend.LengthAsync(BlobKeys.Of(blob), cancellationToken) is not null;

    private async Task<StoredBlob?> FindAsync(BlobId blob, CancellationToken cancellationToken) => backend.IsLocal
        ? await FindLooseAsync(blob, cancellationToken) ?? await FindPackedAsync(blob, cancellationToken)
        : await FindPackedAsync(blob, cancellationToken) ?? await FindLooseAsync(blob, cancellationToken);

    private async Task<StoredBlob?> FindLooseAsync(BlobId blob, CancellationToken cancellationToken)
    {
        var key = BlobKeys.Of(blob);
        return await backend.OpenAsync(key, cancellationToken) is { } found ? new StoredBlob(found, key, 0, found.Length) : null;
    }

    private async Task<StoredBlob?> FindPackedAsync(BlobId blob, CancellationToken cancellationToken)
    {
        // What is remembered may be of before a compaction: ask again, once.
        for (var again = false; await _places.FindAsync(blob, cancellationToken) is { } place; again = true)
        {
            var key = BlobKeys.OfPack(place.Pack);
            if (await backend.OpenAsync(key, cancellationToken) is { } pack)
            {
                return new StoredBlob(pack, key, place.Position, place.Bytes);
            }

            _places.Forget(blob);
            if (again)
            {
                break;
            }
        }

        return null;
    }

    private async Task<byte[]> WholeAsync(BlobId blob, StoredBlob found, CancellationToken cancellationToken)
    {
        var bytes = new byte[found.Length];
        for (var again = false; ; again = true)
        {
            try
            {
                await found.Object.ReadAsync(found.Position, bytes, cancellationToken);
                if (BlobId.FromHash(SHA256.HashData(bytes)) == blob)
                {
                    return bytes;
                }
            }
            catch (EndOfStreamException)
            {
                // The pack is shorter than its index says.
            }

            if (again || !found.Object.Forget())
            {
                throw Damaged(blob, found.Key, $"in its {found.Length} bytes from byte {found.Position} on");
            }
        }
    }

    // Blobs stored before there were checksums, and those whose checksums are damaged, are hashed whole at their first reading.
    private async Task<BlobSums> SumsAsync(BlobId blob, StoredBlob found, CancellationToken cancellationToken)
    {
        using var stored = await backend.OpenAsync(BlobKeys.OfSums(blob), cancellationToken);
        if (stored is not null && stored.Length < int.MaxValue)
        {
            var bytes = new byte[stored.Length];
            await stored.ReadAsync(0, bytes, cancellationToken);
            if (BlobSums.Read(bytes, found.Length) is { } sums)
            {
                return sums;
            }

            stored.Forget();
        }

        var made = await HashAsync(blob, found, cancellationToken);
        try
        {
            await backend.WriteAsync(BlobKeys.OfSums(blob), made.ToBytes(), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OrleansDLException)
        {
            // A full or read-only disk: the next process hashes again.
            LogSumsNotKept(blob, e.Message);
        }

        return made;
    }

    private async Task<BlobSums> HashAsync(BlobId blob, StoredBlob found, CancellationToken cancellationToken)
    {
        var buffer = new byte[BlobSums.BlockBytes];
        for (var again = false; ; again = true)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var sums = new BlobSumsBuilder();
            for (long position = 0; position < found.Length; position += buffer.Length)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, found.Length - position));
                await found.Object.ReadAsync(found.Position + position, part, cancellationToken);
                hash.AppendData(part.Span);
                sums.Append(part.Span);
            }

            if (BlobId.FromHash(hash.GetHashAndReset()) == blob)
            {
                return sums.Finish();
            }

            if (again || !found.Object.Forget())
            {
                throw Damaged(blob, found.Key, $"somewhere in its {found.Length} bytes");
            }
        }
    }

    private static async Task<bool> HasDigestAsync(string file, BlobId blob, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0);
        return BlobId.FromHash(await SHA256.HashDataAsync(stream, cancellationToken)) == blob;
    }

    private bool IsVerified(string file) => _verified.TryGetValue(file, out var known) && Identity(file) == known;

    private void Remember(string file)
    {
        if (_verified.Count >= MostVerified)
        {
            _verified.Clear();
        }

        _verified[file] = Identity(file);
    }

    private static (long Length, DateTime WrittenAt) Identity(string file)
    {
        var info = new FileInfo(file);
        return info.Exists ? (info.Length, info.LastWriteTimeUtc) : default;
    }

    private BlobDamagedException Damaged(BlobId blob, string key, string where)
    {
        LogDamaged(blob, key, backend.Where, where);
        return new BlobDamagedException(
            $"Blob {blob} is damaged where it is stored ({backend.Where}, {key}: {where}); it is not served. Restore that file from a backup, or remove it and upload the same bytes again. 'odl admin blobs verify' lists all damage.");
    }

    [LoggerMessage(LogLevel.Error, "Blob {Blob} is damaged at {Key} in {Store} {Place} and was not served. Restore it from a backup")]
    private partial void LogDamaged(BlobId blob, string key, string store, string place);

    [LoggerMessage(LogLevel.Warning, "The copy of blob {Blob} in {File} was damaged and is fetched again")]
    private partial void LogCopyDamaged(BlobId blob, string file);

    [LoggerMessage(LogLevel.Warning, "The checksums of blob {Blob} could not be kept, so its first reading hashes it: {Reason}")]
    private partial void LogSumsNotKept(BlobId blob, string reason);
}
