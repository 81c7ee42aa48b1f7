using System.Buffers;
using System.Security.Cryptography;

namespace OrleansDL.Datasets.Uploads;

/// <summary>A large file that is here in part: its bytes on the disk, and the hash of them in memory. One request at a time writes to it.</summary>
internal sealed class StagedFile(string path) : IDisposable
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int BufferSize = 512 * 1024;
    private readonly SemaphoreSlim _one = new(1);
    private IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public string Path => path;

    /// <summary>So many bytes are here and hashed.</summary>
    public long Length { get; private set; }

    /// <summary>When it was last written to; for closing what nobody uses.</summary>
    public DateTimeOffset UsedAt { get; set; }

    /// <summary>Waits for one's turn; false when it does not come in time.</summary>
    public Task<bool> EnterAsync(TimeSpan wait, CancellationToken cancellationToken) => _one.WaitAsync(wait, cancellationToken);

    public bool TryEnter() => _one.Wait(0);

    public void Leave() => _one.Release();

    /// <summary>Takes up what an earlier process of the node left: only so much as was made durable is trusted, and it is hashed again.</summary>
    public async Task ResumeAsync(long durable, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0, FileOptions.SequentialScan);
        _hash.GetHashAndReset();
        Length = 0;
        var trusted = Math.Min(durable, file.Length);
        file.SetLength(trusted);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await file.ReadAsync(buffer, cancellationToken)) > 0)
            {
                _hash.AppendData(buffer, 0, read);
                Length += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Appends a body, up to a size. Whatever of it came before the connection was lost is kept.</summary>
    /// <param name="body">Read to its end.</param>
    /// <param name="limit">Size of the whole file; more is refused.</param>
    /// <param name="durableEvery">How many bytes may come in before they are made durable.</param>
    /// <param name="durable">Told how many bytes are durable, now and then and at the end.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task AppendAsync(Stream body, long limit, long durableEvery, Func<long, Task> durable, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read, 0);
        file.Position = Length;
        var (filling, full) = (ArrayPool<byte>.Shared.Rent(BufferSize), ArrayPool<byte>.Shared.Rent(BufferSize));
        var (writing, syncing, synced) = (Task.CompletedTask, Task.CompletedTask, Length);
        try
        {
            while (true)
            {
                // While one buffer is written and hashed the next one is filled.
                var read = await body.ReadAsync(filling, cancellationToken);
                while (read > 0 && read < filling.Length && await body.ReadAsync(filling.AsMemory(read), cancellationToken) is > 0 and var more)
                {
                    read += more;
                }

                await writing;
                if (read == 0)
                {
                    break;
                }

                if (Length + read > limit)
                {
                    throw new InvalidException($"More bytes came than the {limit} the upload was begun with. Begin one with the file's true size.");
                }

                (filling, full) = (full, filling);
                var bytes = full.AsMemory(0, read);
                writing = Task.Run(() => Write(file, bytes.Span), CancellationToken.None);
                if (Length - synced >= durableEvery && syncing.IsCompleted)
                {
                    await syncing;
                    synced = Length;
                    syncing = SyncAsync(file, synced, durable);
                }
            }
        }
        finally
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await syncing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(filling);
            ArrayPool<byte>.Shared.Return(full);
            await SyncAsync(file, Length, durable);
        }
    }

    /// <summary>The digest of all bytes; afterwards nothing more can be appended.</summary>
    public BlobId Digest() => BlobId.FromHash(_hash.GetCurrentHash());

    public void Dispose()
    {
        _hash.Dispose();
        _one.Dispose();
    }

    private void Write(FileStream file, ReadOnlySpan<byte> bytes)
    {
        try
        {
            file.Write(bytes);
        }
        catch (IOException e) when ((e.HResult & 0xffff) is NoSpace or QuotaExceeded)
        {
            throw new OutOfSpaceException(
                "The disk of the blob store is full; what came before is kept. Free space on it, or move the folder to a larger disk (--blobs), and go on with the upload.");
        }

        _hash.AppendData(bytes);
        Length += bytes.Length;
    }

    private static Task SyncAsync(FileStream file, long length, Func<long, Task> durable) => Task.Run(async () =>
    {
        file.Flush(flushToDisk: true);
        await durable(length);
    });
}
