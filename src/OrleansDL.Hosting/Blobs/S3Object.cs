namespace OrleansDL.Blobs;

/// <summary>An object of an S3-compatible store, read in blocks through this machine's cache.</summary>
internal sealed class S3Object(S3Backend store, string key, long length) : IBlobObject
{
    private long _next = -1;

    public long Length => length;

    public async ValueTask ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (position + buffer.Length > length)
        {
            throw new EndOfStreamException($"The object '{key}' has {length} bytes.");
        }

        while (buffer.Length > 0)
        {
            var block = position / S3Backend.BlockBytes;
            var offset = position % S3Backend.BlockBytes;
            var part = buffer[..(int)Math.Min(buffer.Length, S3Backend.BlockBytes - offset)];
            while (!await TryReadAsync(await store.BlockAsync(key, block, length, cancellationToken), offset, part, cancellationToken))
            {
                // The cache has dropped the file in between: it is fetched again.
            }

            if (block == _next && (block + 1) * S3Backend.BlockBytes < length)
            {
                store.Prefetch(key, block + 1, length);
            }

            _next = block + 1;
            position += part.Length;
            buffer = buffer[part.Length..];
        }
    }

    public void Read(long position, Span<byte> buffer)
    {
        var bytes = new byte[buffer.Length];
#pragma warning disable RS0030 // Who reads synchronously has nothing to await with; the work itself runs on other threads.
        Task.Run(() => ReadAsync(position, bytes, CancellationToken.None).AsTask()).GetAwaiter().GetResult();
#pragma warning restore RS0030
        bytes.CopyTo(buffer);
    }

    public bool Forget() => store.Forget(key, length);

    public void Dispose()
    {
        // Nothing is held open between two reads.
    }

    private static async Task<bool> TryReadAsync(string file, long offset, Memory<byte> part, CancellationToken cancellationToken)
    {
        using var block = LocalObject.Open(file);
        if (block is null)
        {
            return false;
        }

        await block.ReadAsync(offset, part, cancellationToken);
        return true;
    }
}
