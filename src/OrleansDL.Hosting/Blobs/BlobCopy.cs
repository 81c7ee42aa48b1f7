using System.Collections.Concurrent;

namespace OrleansDL.Blobs;

/// <summary>Copies named objects from one backend to another.</summary>
internal sealed class BlobCopy(
    IBlobBackend source, IBlobBackend target, BlobReader reader, BlobRows rows, Func<BlobId, CancellationToken, Task<BlobFault?>> faultOf)
{
    private readonly ConcurrentQueue<BlobFault> _faults = new();
    private long _copied;
    private long _bytes;
    private long _present;

    public async Task<BlobCopyReport> RunAsync(int atOnce, IProgress<BlobCopyReport>? progress, CancellationToken cancellationToken)
    {
        var total = await rows.CountObjectsAsync(cancellationToken);
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(rows.LooseAsync(cancellationToken), options, async (blob, cancel) =>
        {
            await CopyBlobAsync(blob, cancel);
            progress?.Report(Report(total));
        });
        await Parallel.ForEachAsync(await rows.PacksAsync(cancellationToken), options, async (pack, cancel) =>
        {
            await CopyPackAsync(pack.Pack, pack.Bytes, cancel);
            progress?.Report(Report(total));
        });
        return Report(total);
    }

    private BlobCopyReport Report(long total) => new()
    {
        Copied = Interlocked.Read(ref _copied),
        Bytes = Interlocked.Read(ref _bytes),
        Present = Interlocked.Read(ref _present),
        Total = total,
        Faults = [.. _faults],
    };

    private async Task CopyBlobAsync(BlobRef blob, CancellationToken cancellationToken)
    {
        var key = BlobKeys.Of(blob.Blob);
        if (await target.LengthAsync(key, cancellationToken) == blob.Bytes)
        {
            Interlocked.Increment(ref _present);
            return;
        }

        try
        {
            await StoreAsync(key, async file =>
            {
                await using var from = await reader.OpenAsync(blob.Blob, cancellationToken);
                await from.CopyToAsync(file, BlobSums.BlockBytes, cancellationToken);
            }, cancellationToken);
        }
        catch (Exception e) when (e is BlobDamagedException or NotFoundException)
        {
            await NoteAsync(blob.Blob, cancellationToken);
            return;
        }

        if (blob.Bytes >= BlobStore.PackedBelow)
        {
            using var sums = await source.OpenAsync(BlobKeys.OfSums(blob.Blob), cancellationToken);
            if (sums is not null)
            {
                var bytes = new byte[sums.Length];
                await sums.ReadAsync(0, bytes, cancellationToken);
                await target.WriteAsync(BlobKeys.OfSums(blob.Blob), bytes, cancellationToken);
            }
        }

        Interlocked.Add(ref _bytes, blob.Bytes);
        Interlocked.Increment(ref _copied);
    }

    // A pack is copied as it is; each of its blobs is verified, and one that is damaged is reported and stays damaged.
    private async Task CopyPackAsync(string pack, long bytes, CancellationToken cancellationToken)
    {
        var key = BlobKeys.OfPack(pack);
        if (await target.LengthAsync(key, cancellationToken) == bytes)
        {
            Interlocked.Increment(ref _present);
            return;
        }

        foreach (var entry in await rows.EntriesAsync(pack, cancellationToken))
        {
            if (await faultOf(entry.Blob, cancellationToken) is { } fault)
            {
                _faults.Enqueue(fault);
            }
        }

        using var stored = await source.OpenAsync(key, cancellationToken);
        if (stored is null || stored.Length != bytes)
        {
            // Its blobs were named above.
            return;
        }

        await StoreAsync(key, async file =>
        {
            var buffer = new byte[BlobSums.BlockBytes];
            for (long position = 0; position < bytes; position += buffer.Length)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes - position));
                await stored.ReadAsync(position, part, cancellationToken);
                await file.WriteAsync(part, cancellationToken);
            }
        }, cancellationToken);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _copied);
    }

    private async Task StoreAsync(string key, Func<FileStream, Task> write, CancellationToken cancellationToken)
    {
        var path = Path.Combine(target.Incoming, Guid.NewGuid().ToString("N"));
        try
        {
            await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
            {
                await write(file);
                file.Flush(flushToDisk: true);
            }

            await target.UploadAsync(path, key, cancellationToken);
            await target.SettleAsync(path, key, cancellationToken);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }
        finally
        {
            File.Delete(path);
        }
    }

    private async Task NoteAsync(BlobId blob, CancellationToken cancellationToken)
    {
        if (await faultOf(blob, cancellationToken) is { } fault)
        {
            _faults.Enqueue(fault);
        }
    }
}
