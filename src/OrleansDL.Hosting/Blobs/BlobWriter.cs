using System.Security.Cryptography;

namespace OrleansDL.Blobs;

/// <summary>A blob being written: hashed on the way, kept only if completed.</summary>
public sealed class BlobWriter : Stream
{
    private readonly BlobStore _store;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly BlobSumsBuilder _sums = new();
    private bool _completed;
    private bool _disposed;

    internal BlobWriter(BlobStore store, string path)
    {
        _store = store;
        _path = path;
        try
        {
            _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }
    }

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => _file.Length;
    public override long Position { get => _file.Position; set => throw new NotSupportedException(); }

    /// <summary>Makes the blob durable and names it by its digest. The same bytes again are the same blob.</summary>
    /// <exception cref="OutOfSpaceException">The disk is full; nothing was kept.</exception>
    public Task<BlobRef> CompleteAsync(CancellationToken cancellationToken = default) => CompleteAsync(null, cancellationToken);

    /// <summary>Makes the blob durable if it is the expected one.</summary>
    /// <exception cref="InvalidException">It is another.</exception>
    /// <exception cref="OutOfSpaceException">The disk is full; nothing was kept.</exception>
    internal async Task<BlobRef> CompleteAsync(BlobId? expected, CancellationToken cancellationToken)
    {
        var blob = new BlobRef { Blob = BlobId.FromHash(_hash.GetHashAndReset()), Bytes = _file.Position };
        if (expected is { } wanted && blob.Blob != wanted)
        {
            throw new InvalidException($"What was sent is {blob.Blob}, not {wanted}. It changed on the way, or is another file: send it again.");
        }

        try
        {
            await _file.FlushAsync(cancellationToken);
            if (!(await _store.KnownAsync([blob.Blob], cancellationToken)).Contains(blob.Blob))
            {
                _file.Flush(flushToDisk: true);
                await _file.DisposeAsync();
                await _store.KeepAsync(blob, _sums.Finish(), _path, cancellationToken);
            }
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }

        _completed = true;
        return blob;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _file.Write(buffer);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }

        _hash.AppendData(buffer);
        _sums.Append(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => _file.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _hash.Dispose();
            try
            {
                _file.Dispose();
            }
            catch (IOException e) when (Disk.IsFull(e) && !_completed)
            {
                // What could not be flushed is thrown away below.
            }

            File.Delete(_path);
        }

        base.Dispose(disposing);
    }
}
