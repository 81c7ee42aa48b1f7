using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;

namespace OrleansDL.Blobs;

/// <summary>A blob that is here in part: its bytes on the disk, and the hash of them in memory. One caller at a time writes to it.</summary>
public sealed class StagedBlob : IDisposable
{
    private const int BufferSize = 512 * 1024;
    private readonly BlobStore _store;
    private readonly string _path;
    private readonly SemaphoreSlim _one = new(1);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private BlobSumsBuilder _sums = new();

    internal StagedBlob(BlobStore store, string path)
    {
        _store = store;
        _path = path;
    }

    /// <summary>Whether there is a file of it.</summary>
    public bool IsThere => File.Exists(_path);

    /// <summary>Whether this object knows all that is in the file: it does not when another process went on with it.</summary>
    public bool IsKnown => new FileInfo(_path) is { Exists: true } file && file.Length == Length;

    /// <summary>So many bytes are here and hashed.</summary>
    public long Length { get; private set; }

    /// <summary>Waits for one's turn; false when it does not come in time.</summary>
    public Task<bool> EnterAsync(TimeSpan wait, CancellationToken cancellationToken) => _one.WaitAsync(wait, cancellationToken);

    public bool TryEnter() => _one.Wait(0);

    public void Leave() => _one.Release();

    /// <summary>Takes up what an earlier process of the node left: only so much as was made durable is trusted, and it is hashed again.</summary>
    public async Task ResumeAsync(long durable, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        await using var file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0, FileOptions.SequentialScan);
        _hash.GetHashAndReset();
        _sums = new BlobSumsBuilder();
        Length = 0;
        var trusted = Math.Min(durable, file.Length);
        file.SetLength(trusted);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await file.ReadAsync(buffer, cancellationToken)) > 0)
            {
                Count(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Appends a body, up to a size. Whatever of it came before the connection was lost is kept.</summary>
    /// <param name="body">Read to its end.</param>
    /// <param name="limit">Size of the whole; more is refused.</param>
    /// <param name="durableEvery">How many bytes may come in before they are made durable.</param>
    /// <param name="durable">Told how many bytes are durable, now and then and at the end.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task AppendAsync(Stream body, long limit, long durableEvery, Func<long, Task> durable, CancellationToken cancellationToken)
    {
        using var file = new AppendedFile(_path, create: false, Length);
        var (filling, full) = (AlignedBuffer.Rent(), AlignedBuffer.Rent());
        var (writing, syncing, synced) = (Task.CompletedTask, Task.CompletedTask, Length);
        try
        {
            while (true)
            {
                // While one buffer is written and hashed the next one is filled. When the connection is lost, what came before counts.
                var (read, lost) = await FillAsync(body, filling.Memory, cancellationToken);
                await writing;
                if (read == 0)
                {
                    lost?.Throw();
                    break;
                }

                if (Length + read > limit)
                {
                    throw new TooLargeException($"More than the {limit} bytes came that are allowed here. Say the file's true size, or raise the limit.");
                }

                (filling, full) = (full, filling);
                var bytes = full.Memory[..read];
                writing = Task.Run(() => Write(file, bytes.Span), CancellationToken.None);
                lost?.Throw();
                if (file.Written - synced >= durableEvery && syncing.IsCompleted)
                {
                    await syncing;
                    synced = file.Written;
                    syncing = SyncAsync(file, synced, durable);
                }
            }
        }
        finally
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await syncing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            filling.Dispose();
            full.Dispose();
            file.Flush();
            await SyncAsync(file, file.Written, durable);
        }
    }

    /// <summary>What the bytes that are here would be called.</summary>
    public BlobRef Describe() => new() { Blob = BlobId.FromHash(_hash.GetCurrentHash()), Bytes = Length };

    /// <summary>Makes it a blob; the file is moved into the store. Repeating does nothing.</summary>
    /// <exception cref="OutOfSpaceException">The disk is full; the bytes are where they were.</exception>
    public async Task<BlobRef> CompleteAsync(CancellationToken cancellationToken = default)
    {
        var blob = Describe();
        try
        {
            if (!(await _store.KnownAsync([blob.Blob], cancellationToken)).Contains(blob.Blob))
            {
                await _store.KeepAsync(blob, _sums.Finish(), _path, cancellationToken);
            }
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }

        Delete();
        return blob;
    }

    /// <summary>Throws away what is here.</summary>
    public void Delete()
    {
        if (Directory.Exists(Path.GetDirectoryName(_path)))
        {
            File.Delete(_path);
        }
    }

    public void Dispose()
    {
        _hash.Dispose();
        _one.Dispose();
    }

    private static async Task<(int Read, ExceptionDispatchInfo? Lost)> FillAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = 0;
        try
        {
            int more;
            while (read < buffer.Length && (more = await body.ReadAsync(buffer[read..], cancellationToken)) > 0)
            {
                read += more;
            }

            return (read, null);
        }
        catch (Exception e)
        {
            return (read, ExceptionDispatchInfo.Capture(e));
        }
    }

    private void Write(AppendedFile file, ReadOnlySpan<byte> bytes)
    {
        file.Append(bytes);
        Count(bytes);
    }

    private void Count(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _sums.Append(bytes);
        Length += bytes.Length;
    }

    private static Task SyncAsync(AppendedFile file, long length, Func<long, Task> durable) => Task.Run(async () =>
    {
        file.Sync();
        await durable(length);
    });
}
