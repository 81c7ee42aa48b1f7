using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Content-addressed bytes: a blob's name is the SHA-256 of its bytes. Bytes first, then the name in the database.</summary>
public sealed partial class BlobStore
{
    /// <summary>Smaller blobs may lie in packs, and are verified whole before they are handed out: 1 MiB.</summary>
    public const int PackedBelow = 1 << 20;

    private const long PackBytes = 64 << 20;
#pragma warning disable CA1859 // The second backend arrives next.
    private readonly IBlobBackend _backend;
#pragma warning restore CA1859
    private readonly BlobRows _rows;
    private readonly BlobReferences _references;
    private readonly BlobSweep _sweep;
    private readonly ILogger<BlobStore> _logger;

    public BlobStore(Db database, TimeProvider time, IOptions<BlobOptions> options, ILogger<BlobStore> logger)
    {
        _backend = new LocalFolder(options.Value.Directory);
        _rows = new BlobRows(database, time);
        _references = new BlobReferences(database, _rows, time);
        _sweep = new BlobSweep(database, _backend, _rows, _references);
        _logger = logger;
    }

    /// <summary>Begins a blob; its id is known when it is complete.</summary>
    public BlobWriter Create() => new(this, NewFile());

    /// <summary>Begins to store many small blobs in packs of 64 MiB: one flush to disk and one transaction per pack.</summary>
    public BlobPackWriter CreatePack() => new(this, PackBytes);

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

    public async Task<bool> ExistsAsync(BlobId blob, CancellationToken cancellationToken = default) => _backend.IsLocal
        ? await _backend.LengthAsync(BlobKeys.Of(blob), cancellationToken) is not null || await _rows.FindPlaceAsync(blob, cancellationToken) is not null
        : await _rows.FindPlaceAsync(blob, cancellationToken) is not null || await _backend.LengthAsync(BlobKeys.Of(blob), cancellationToken) is not null;

    /// <summary>Which of many blobs the store has. They are kept from now on for at least the store's grace (24 hours), as if they had
    /// just been stored: so a client need not send them. <see cref="LeaseAsync"/> keeps them for longer.</summary>
    public async Task<IReadOnlySet<BlobId>> KnownAsync(IEnumerable<BlobId> blobs, CancellationToken cancellationToken = default)
    {
        var known = new HashSet<BlobId>();
        foreach (var batch in blobs.Chunk(BlobRows.Batch))
        {
            var (packed, loose) = await _rows.RenewAsync(batch, cancellationToken);
            known.UnionWith(packed.Select(BlobId.Parse));

            // A row may have outlived its bytes: a sweep was killed between the two.
            foreach (var (sha256, bytes) in loose)
            {
                var blob = BlobId.Parse(sha256);
                if (await _backend.LengthAsync(BlobKeys.Of(blob), cancellationToken) == bytes)
                {
                    known.Add(blob);
                }
            }
        }

        return known;
    }

    /// <summary>Opens a blob for reading; the stream can seek.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the blob's.</exception>
    public async Task<Stream> OpenReadAsync(BlobId blob, CancellationToken cancellationToken = default)
    {
        if (_backend.FileOf(BlobKeys.Of(blob)) is { } path && File.Exists(path))
        {
            try
            {
                return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                throw Missing(blob);
            }
        }

        return new MemoryStream(await ReadAsync(blob, cancellationToken), writable: false);
    }

    /// <summary>A file of this machine that holds the blob, for linking; it must not be written to.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    public async Task<string> FetchAsync(BlobId blob, CancellationToken cancellationToken = default)
    {
        if (_backend.FileOf(BlobKeys.Of(blob)) is { } path && File.Exists(path))
        {
            return path;
        }

        var unpacked = Path.Combine(_backend.Where, "unpacked", blob.Hex[..2], blob.Hex[2..]);
        if (!File.Exists(unpacked))
        {
            var bytes = await ReadAsync(blob, cancellationToken);
            var file = NewFile();
            await File.WriteAllBytesAsync(file, bytes, cancellationToken);
            Directory.CreateDirectory(Path.GetDirectoryName(unpacked)!);
            File.Move(file, unpacked, overwrite: true);
        }

        return unpacked;
    }

    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the blob's.</exception>
    public async Task<byte[]> ReadAsync(BlobId blob, CancellationToken cancellationToken = default)
    {
        if (_backend.IsLocal && await _backend.OpenAsync(BlobKeys.Of(blob), cancellationToken) is { } loose)
        {
            using (loose)
            {
                return await ReadVerifiedAsync(blob, loose, 0, loose.Length, BlobKeys.Of(blob), cancellationToken);
            }
        }

        if (await _rows.FindPlaceAsync(blob, cancellationToken) is { } place && await _backend.OpenAsync(BlobKeys.OfPack(place.Pack), cancellationToken) is { } pack)
        {
            using (pack)
            {
                return await ReadVerifiedAsync(blob, pack, place.Position, place.Bytes, BlobKeys.OfPack(place.Pack), cancellationToken);
            }
        }

        throw Missing(blob);
    }

    private async Task<byte[]> ReadVerifiedAsync(BlobId blob, IBlobObject from, long position, long length, string key, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        await from.ReadAsync(position, bytes, cancellationToken);
        if (BlobId.FromHash(SHA256.HashData(bytes)) != blob)
        {
            LogDamaged(blob, key, _backend.Where);
            throw new BlobDamagedException(
                $"Blob {blob} is damaged where it is stored ({_backend.Where}, {key}); it is not served. Restore that file from a backup, or upload the same bytes again. 'odl admin blobs verify' lists all damage.");
        }

        return bytes;
    }

    /// <summary>Where the blob lies (or would lie) in the folder.</summary>
    internal string PathOf(BlobId blob) => _backend.FileOf(BlobKeys.Of(blob))!;

    /// <summary>Says that an owner (for example <c>run:ID</c>) needs blobs: they are kept until it no longer does.</summary>
    /// <remarks>Fit for hundreds of thousands of blobs; written in batches, so repeat it after a crash. The blobs must have been stored,
    /// found by <see cref="KnownAsync"/> or leased within the store's grace.</remarks>
    public Task ReferAsync(string owner, IEnumerable<BlobId> blobs) =>
        _references.AddAsync(owner, blobs, null, CancellationToken.None);

    /// <summary>Says that an owner needs blobs for a time: its references end by themselves unless <see cref="KeepAsync(string, CancellationToken)"/> makes them
    /// permanent. Leasing again extends the time of all of them. An owner that is kept already stays so.</summary>
    /// <remarks>What may never be finished is leased first: a commit's blobs as <c>dataset-commit:ID</c> for 24 hours before the grain
    /// is asked, and the grain calls <see cref="KeepAsync(string, CancellationToken)"/> when the commit is part of its state. So a commit that a crash ended
    /// keeps nothing for ever.</remarks>
    public Task LeaseAsync(string owner, IEnumerable<BlobId> blobs, TimeSpan duration, CancellationToken cancellationToken = default) =>
        _references.AddAsync(owner, blobs, duration, cancellationToken);

    /// <summary>Makes what an owner leased permanent; one row changes, however many blobs there are. May be repeated.</summary>
    /// <returns>False when the owner has no references (any more): its lease ran out, so the blobs must be referred to again.</returns>
    public Task<bool> KeepAsync(string owner, CancellationToken cancellationToken = default) => _references.KeepAsync(owner, cancellationToken);

    /// <summary>Takes back what an owner said it needs: all of it, or only the given blobs.</summary>
    public Task UnreferAsync(string owner, IEnumerable<BlobId>? blobs = null) => _references.RemoveAsync(owner, blobs);

    /// <summary>Removes blobs that nothing refers to and that were stored before a time, and what killed writers left behind.</summary>
    /// <param name="dryRun">Only counts what would be removed.</param>
    public Task<BlobSweepReport> SweepAsync(DateTimeOffset storedBefore, bool dryRun = false, CancellationToken cancellationToken = default) =>
        _sweep.RunAsync(storedBefore, dryRun, cancellationToken);

    internal PackFile NewPack() => new(NewFile());

    /// <summary>Names a blob whose bytes are durable in a file; the file may be gone afterwards.</summary>
    internal async Task KeepAsync(BlobRef blob, string file, CancellationToken cancellationToken)
    {
        var key = BlobKeys.Of(blob.Blob);
        await _backend.UploadAsync(file, key, cancellationToken);
        await _rows.KeepAsync(blob, () => _backend.SettleAsync(file, key, cancellationToken), cancellationToken);
    }

    internal async Task KeepPackAsync(PackFile file, CancellationToken cancellationToken)
    {
        var (pack, bytes) = file.End();
        var key = BlobKeys.OfPack(pack);
        await _backend.UploadAsync(file.Path, key, cancellationToken);
        await _rows.KeepPackAsync(pack, bytes, file.Entries, () => _backend.SettleAsync(file.Path, key, cancellationToken), cancellationToken);
    }

    private string NewFile() => Path.Combine(_backend.Incoming, Guid.NewGuid().ToString("N"));

    private static NotFoundException Missing(BlobId blob) => new(
        $"The blob store has no blob {blob}. If the database was restored or moved, restore or move the blob folder of the same time with it.");

    [LoggerMessage(LogLevel.Error, "Blob {Blob} is damaged at {Key} in {Store} and was not served. Restore it from a backup")]
    private partial void LogDamaged(BlobId blob, string key, string store);
}
