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
    private readonly IBlobBackend _backend;
    private readonly BlobRows _rows;
    private readonly BlobReferences _references;
    private readonly BlobRemoval _removal;
    private readonly BlobReader _reader;
    private readonly BlobSweep _sweep;
    private readonly TimeProvider _time;

    public BlobStore(Db database, TimeProvider time, IOptions<BlobOptions> options, ILogger<BlobStore> logger)
    {
        Cache = new BlobCache(options.Value.CacheDirectory, options.Value.CacheBytes, time);
        _backend = BlobBackends.Open(options.Value.Location, options.Value.S3, Cache, logger);
        _rows = new BlobRows(database, time);
        _references = new BlobReferences(database, _rows, time);
        _reader = new BlobReader(_backend, Cache, _rows, logger);
        _sweep = new BlobSweep(
            database, _backend, _rows, _references, new BlobIndexer(_backend, _rows), new PackCompactor(database, _backend, _rows, NewPack), time);
        _time = time;
        _removal = new BlobRemoval(database, _backend, Cache, _rows, NewPack);
    }

    internal BlobCache Cache { get; }

    /// <summary>Begins a blob; its id is known when it is complete.</summary>
    public BlobWriter Create() => new(this, NewFile());

    /// <summary>Begins to store many small blobs in packs of 64 MiB: one flush to disk and one transaction per pack.</summary>
    /// <param name="project">Who sends all that is added; null when nobody does.</param>
    public BlobPackWriter CreatePack(string? project = null) => new(this, PackBytes, project);

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
    /// <param name="storedBefore">What is younger stays: someone may be about to refer to it.</param>
    /// <param name="dryRun">Only counts what would be removed.</param>
    /// <param name="orphans">Whether to look for files without rows too; that lists the whole store.</param>
    public Task<BlobSweepReport> SweepAsync(
        DateTimeOffset storedBefore, bool dryRun = false, bool orphans = false, CancellationToken cancellationToken = default) =>
        _sweep.RunAsync(storedBefore, orphans, dryRun, cancellationToken);

    /// <summary>An address from which anyone can download a blob for a time, straight from the store.</summary>
    /// <returns>Null when there is none: the store is a folder, or the blob lies in a pack. Then download it from the server.</returns>
    public async Task<Uri?> PresignDownloadAsync(BlobId blob, TimeSpan duration, CancellationToken cancellationToken = default) =>
        _backend is S3Backend s3 && await s3.LengthAsync(BlobKeys.Of(blob), cancellationToken) is not null
            ? await s3.PresignAsync(BlobKeys.Of(blob), write: false, (_time.GetUtcNow() + duration).UtcDateTime)
            : null;

    /// <summary>An address to which anyone can upload one object for a time, straight to the store. <see cref="AdoptAsync"/> makes it a blob.</summary>
    /// <returns>Null when the store is a folder: then upload it to the server.</returns>
    public async Task<BlobTicket?> PresignUploadAsync(TimeSpan duration)
    {
        if (_backend is not S3Backend s3)
        {
            return null;
        }

        var name = Guid.NewGuid().ToString("N");
        return new BlobTicket { Name = name, Url = await s3.PresignAsync(BlobKeys.OfUpload(name), write: true, (_time.GetUtcNow() + duration).UtcDateTime) };
    }

    /// <summary>Makes an object that was uploaded with a <see cref="BlobTicket"/> a blob: its bytes are read once and hashed. The object is removed.</summary>
    /// <param name="name">The ticket's name.</param>
    /// <param name="expected">What it must be.</param>
    /// <exception cref="NotFoundException">Nothing was uploaded.</exception>
    /// <exception cref="InvalidException">What was uploaded is something else.</exception>
    public async Task<BlobRef> AdoptAsync(string name, BlobId expected, CancellationToken cancellationToken = default)
    {
        var key = BlobKeys.OfUpload(name);
        using var uploaded = await _backend.OpenAsync(key, cancellationToken)
            ?? throw new NotFoundException($"Nothing was uploaded with the ticket '{name}'. PUT the bytes to its address first.");
        await using var writer = Create();
        var buffer = new byte[BlobSums.BlockBytes];
        for (long position = 0; position < uploaded.Length; position += buffer.Length)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, uploaded.Length - position));
            await uploaded.ReadAsync(position, part, cancellationToken);
            await writer.WriteAsync(part, cancellationToken);
        }

        uploaded.Forget();
        await _backend.DeleteAsync([key], cancellationToken);
        return await writer.CompleteAsync(expected, cancellationToken);
    }

    /// <summary>All that lies in the store.</summary>
    internal IAsyncEnumerable<StoredObject> ObjectsAsync(CancellationToken cancellationToken = default) => _backend.ListAsync(cancellationToken);

    /// <summary>What an owner refers to.</summary>
    public Task<IReadOnlyList<BlobId>> ReferencesAsync(string owner, CancellationToken cancellationToken = default) => _references.ListAsync(owner, cancellationToken);

    /// <summary>What would be free if some owners let go of blobs of theirs.</summary>
    public Task<BlobUse> WeighAsync(IReadOnlyCollection<BlobId> blobs, IReadOnlyCollection<string> owners, CancellationToken cancellationToken = default) =>
        _references.WeighAsync(blobs, owners, cancellationToken);

    /// <summary>Removes at once what only this owner refers to, whatever its age; packs are written anew without it. Nothing else in the store
    /// may be reading it. The owner's references stay, so that it can be repeated.</summary>
    /// <returns>What was removed: less than the owner refers to where others need the same bytes.</returns>
    public async Task<SweptBlobs> RemoveAsync(string owner, CancellationToken cancellationToken = default) =>
        await _removal.RemoveAsync(owner, await ReferencesAsync(owner, cancellationToken), cancellationToken);

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

    /// <returns>The blobs that lie elsewhere already.</returns>
    internal async Task<IReadOnlyList<BlobId>> KeepPackAsync(PackFile file, string? project, CancellationToken cancellationToken)
    {
        var (pack, bytes) = file.End();
        var key = BlobKeys.OfPack(pack);
        await _backend.UploadAsync(file.Path, key, cancellationToken);
        return await _rows.KeepPackAsync(pack, bytes, file.Entries, project, () => _backend.SettleAsync(file.Path, key, cancellationToken), cancellationToken);
    }

    private string NewFile() => Path.Combine(_backend.Incoming, Guid.NewGuid().ToString("N"));
}
