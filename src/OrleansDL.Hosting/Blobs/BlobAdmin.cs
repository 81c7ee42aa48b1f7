using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Work on a whole blob store that needs its bytes and the database, and no running node.</summary>
public sealed class BlobAdmin
{
    private const int AtOnce = 4;
    private readonly IOptions<BlobOptions> _options;
    private readonly ILogger<BlobStore> _logger;
    private readonly IBlobBackend _backend;
    private readonly BlobCache _cache;
    private readonly BlobRows _rows;
    private readonly BlobReader _reader;

    public BlobAdmin(Db database, TimeProvider time, IOptions<BlobOptions> options, ILogger<BlobStore> logger)
    {
        _options = options;
        _logger = logger;
        _cache = new BlobCache(options.Value.CacheDirectory, options.Value.CacheBytes, time);
        _backend = BlobBackends.Open(options.Value.Location, options.Value.S3, _cache, logger);
        _rows = new BlobRows(database, time);
        _reader = new BlobReader(_backend, _cache, _rows, logger);
    }

    /// <summary>Reads every byte of every blob that has a row.</summary>
    /// <param name="drop">Whether to forget damaged and missing blobs (row, and the file of one on its own), so that the same bytes can be uploaded again.</param>
    /// <param name="progress">Told how many blobs and bytes were read.</param>
    public async Task<BlobVerification> VerifyAsync(bool drop = false, IProgress<BlobVerification>? progress = null, CancellationToken cancellationToken = default)
    {
        var faults = new ConcurrentQueue<BlobFault>();
        var (blobs, bytes) = (0L, 0L);
        await Parallel.ForEachAsync(_rows.AllAsync(cancellationToken), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (blob, cancel) =>
        {
            if (await FaultOfAsync(blob.Blob, cancel) is { } fault)
            {
                faults.Enqueue(fault);
                if (drop)
                {
                    await _rows.ForgetAsync(blob.Blob, () => _backend.DeleteAsync([BlobKeys.Of(blob.Blob), BlobKeys.OfSums(blob.Blob)], cancel), cancel);
                }
            }

            var (count, read) = (Interlocked.Increment(ref blobs), Interlocked.Add(ref bytes, blob.Bytes));
            progress?.Report(new BlobVerification { Blobs = count, Bytes = read, Faults = [] });
        });
        return new BlobVerification { Blobs = blobs, Bytes = bytes, Faults = [.. faults.OrderBy(fault => fault.Blob.Hex, StringComparer.Ordinal)] };
    }

    /// <summary>Gives rows to blobs and packs that lie in the store without one, for example after the database was restored from an older backup.</summary>
    public Task<BlobIndexReport> ReindexAsync(CancellationToken cancellationToken = default) =>
        new BlobIndexer(_backend, _rows).RunAsync(DateTimeOffset.MaxValue, dryRun: false, cancellationToken: cancellationToken);

    /// <summary>Copies every blob that has a row to another store, verified on the way. What is there is not copied again, so it may be
    /// cut off and repeated; run it once more after the nodes have stopped, then start them with the new store.</summary>
    /// <param name="location">A folder, or <c>s3://BUCKET/PREFIX</c>; the settings of S3 are those of the options.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="InvalidException">The location is no store, or the same one.</exception>
    public async Task<BlobCopyReport> CopyAsync(string location, IProgress<BlobCopyReport>? progress = null, CancellationToken cancellationToken = default)
    {
        var target = BlobBackends.Open(location, _options.Value.S3, _cache, _logger);
        if (target.Where == _backend.Where)
        {
            throw new InvalidException($"The blobs lie in {target.Where} already. Give another place.");
        }

        var copy = new BlobCopy(_backend, target, _reader, _rows, FaultOfAsync);
        return await copy.RunAsync(AtOnce, progress, cancellationToken);
    }

    private async Task<BlobFault?> FaultOfAsync(BlobId blob, CancellationToken cancellationToken)
    {
        try
        {
            await _reader.VerifyAsync(blob, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is BlobDamagedException or NotFoundException)
        {
            return new BlobFault
            {
                Blob = blob,
                Fault = e is NotFoundException ? "missing" : "damaged",
                Detail = e.Message,
                Owners = await _rows.OwnersAsync(blob, cancellationToken),
            };
        }
    }
}
