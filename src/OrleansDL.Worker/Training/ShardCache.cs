using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets;
using OrleansDL.Nodes;

namespace OrleansDL.Training;

/// <summary>Shards near the device: linked to where the blob store has them, or copied once for all runners of the machine.</summary>
/// <remarks>
/// A shard in use has a second name in its run's folder. So it is seen which are in use without anyone keeping a list that a crash would
/// spoil; what is evicted all the same lives on in the run's folder. Several processes may share the folder.
/// </remarks>
internal sealed class ShardCache(string folder, long limit, BlobStore blobs, TimeProvider time)
{
    private const int Locks = 64;
    private const int Buffer = 1 << 20;
    private static readonly TimeSpan LockAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Files that this process has seen to be whole, by what would change if they were written to.</summary>
    private readonly ConcurrentDictionary<BlobId, (long Bytes, DateTime Written)> _whole = new();

    public ShardCache(NodeOptions node, IOptions<TrainerOptions> options, BlobStore blobs, TimeProvider time)
        : this(Path.GetFullPath(options.Value.ShardCacheDirectory ?? Path.Combine(node.DirectoryOrDefault, "shards")), options.Value.ShardCacheBytes, blobs, time)
    {
    }

    /// <summary>Gives a shard a name in a run's folder.</summary>
    /// <exception cref="InvalidException">Its bytes are not what they should be.</exception>
    public async Task LinkAsync(DatasetShard shard, string link, CancellationToken cancellationToken)
    {
        var stored = await blobs.FetchAsync(shard.Blob, cancellationToken);
        if (HardLinks.TryCreate(stored, link))
        {
            await CheckAsync(shard, link, cancellationToken);
            return;
        }

        Directory.CreateDirectory(folder);
        using (await LockAsync($".lock-{int.Parse(shard.Blob.Hex.AsSpan(0, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % Locks:x2}", cancellationToken))
        {
            var cached = Path.Combine(folder, shard.Blob.Hex);
            if (!File.Exists(cached))
            {
                await EvictAsync(limit - shard.Bytes, cancellationToken);
                await CopyAsync(shard, stored, cached, cancellationToken);
            }

            File.SetLastWriteTimeUtc(cached, time.GetUtcNow().UtcDateTime);
            if (!HardLinks.TryCreate(cached, link))
            {
                // A cache on yet another disk: the run has a copy of its own.
                File.Copy(cached, link);
            }
        }

        await CheckAsync(shard, link, cancellationToken);
    }

    /// <summary>Removes what was not used for longest until the cache has so many bytes at most. What runs use stays.</summary>
    public async Task EvictAsync(long most, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        using var eviction = await LockAsync(".lock", cancellationToken);
        var files = new DirectoryInfo(folder).GetFiles().Where(file => BlobId.TryParse(file.Name, out _)).OrderBy(file => file.LastWriteTimeUtc).ToList();
        var bytes = files.Sum(file => file.Length);
        foreach (var file in files)
        {
            if (bytes <= most)
            {
                return;
            }

            if (HardLinks.Count(file.FullName) <= 1)
            {
                bytes -= file.Length;
                file.Delete();
            }
        }
    }

    private static async Task CopyAsync(DatasetShard shard, string stored, string cached, CancellationToken cancellationToken)
    {
        var part = $"{cached}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var from = File.OpenRead(stored))
            await using (var to = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, Buffer))
            {
                await from.CopyToAsync(to, Buffer, cancellationToken);
            }

            File.Move(part, cached, overwrite: true);
        }
        catch (IOException e)
        {
            throw new OutOfSpaceException($"Shard {shard.Name} could not be copied to the worker's cache: {e.Message} Free disk space, or lower Training:ShardCacheBytes.");
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>What the run will read is hashed itself, once per process while it is not written to.</summary>
    private async Task CheckAsync(DatasetShard shard, string link, CancellationToken cancellationToken)
    {
        var file = new FileInfo(link);
        if (_whole.TryGetValue(shard.Blob, out var seen) && seen == (file.Length, file.LastWriteTimeUtc))
        {
            return;
        }

        await using (var bytes = File.OpenRead(link))
        {
            if (BlobId.FromHash(await SHA256.HashDataAsync(bytes, cancellationToken)) != shard.Blob)
            {
                bytes.Close();
                File.Delete(link);
                File.Delete(Path.Combine(folder, shard.Blob.Hex));
                throw new InvalidException(
                    $"Shard {shard.Name} ({shard.Blob}) is damaged: its bytes are not those of its digest. It is not used; start the run again, which copies it anew.");
            }
        }

        _whole[shard.Blob] = (file.Length, file.LastWriteTimeUtc);
    }

    /// <summary>A lock between processes; it ends with the process that holds it.</summary>
    private async Task<FileStream> LockAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                await Task.Delay(LockAgain, time, cancellationToken);
            }
        }
    }
}
