using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Content-addressed bytes: a blob's name is the SHA-256 of its bytes. Bytes first, then the name in the database.</summary>
public sealed class BlobStore
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
    private readonly BlobReader _reader;

    public BlobStore(Db database, TimeProvider time, IOptions<BlobOptions> options, ILogger<BlobStore> logger)
    {
        _backend = new LocalFolder(options.Value.Location);
        _rows = new BlobRows(database, time);
        _references = new BlobReferences(database, _rows, time);
        _sweep = new BlobSweep(database, _backend, _rows, _references);
        var cache = new BlobCache(options.Value.CacheDirectory, options.Value.CacheBytes, time);
        _reader = new BlobReader(_backend, cache, _rows, logger);
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

    /// <summary>A blob that comes in piece by piece, perhaps over many processes' lives; what came before is found again by its name.</summary>
    /// <param name="name">A file's name, unique to it.</param>
    public StagedBlob Stage(string name) => new(this, Path.Combine(_backend.Incoming, "staged", name));

    public Task<bool> ExistsAsync(BlobId blob, CancellationToken cancellationToken = default) => _reader.ExistsAsync(blob, cancellationToken);

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

    /// <summary>Opens a blob for reading; the stream can seek, and verifies its bytes before it hands them out.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the blob's (now, or when the damaged part is read).</exception>
    public Task<Stream> OpenReadAsync(BlobId blob, CancellationToken cancellationToken = default) => _reader.OpenAsync(blob, cancellationToken);

    /// <summary>A verified file of this machine that holds the blob; it must not be written to. It may lie in the cache, whose
    /// oldest files go when it is full: open it now, or use <see cref="LinkAsync"/> for a file that stays.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the blob's.</exception>
    public async Task<string> FetchAsync(BlobId blob, CancellationToken cancellationToken = default) => (await _reader.FetchAsync(blob, cancellationToken)).File;

    /// <summary>Makes a name for a blob's verified file: a symbolic link into the store's folder, or a hard link (where that cannot be,
    /// a copy) of the cached file, which stays when the cache drops its own. The file must not be written to.</summary>
    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the blob's.</exception>
    public async Task LinkAsync(BlobId blob, string link, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var (file, cached) = await _reader.FetchAsync(blob, cancellationToken);
            if (!cached)
            {
                File.CreateSymbolicLink(link, file);
                return;
            }

            // The cache may drop the file in between: then it is fetched again.
            if (CLibrary.LinkOrCopy(file, link))
            {
                return;
            }
        }
    }

    /// <exception cref="NotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the blob's.</exception>
    public Task<byte[]> ReadAsync(BlobId blob, CancellationToken cancellationToken = default) => _reader.ReadAsync(blob, cancellationToken);

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
    internal async Task KeepAsync(BlobRef blob, BlobSums sums, string file, CancellationToken cancellationToken)
    {
        var key = BlobKeys.Of(blob.Blob);
        if (blob.Bytes >= PackedBelow)
        {
            await _backend.WriteAsync(BlobKeys.OfSums(blob.Blob), sums.ToBytes(), cancellationToken);
        }

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
}
