using System.Buffers;
using System.Security.Cryptography;

namespace OrleansDL.Blobs;

/// <summary>Stores many small blobs: together in packs of 64 MiB, with one flush to disk and one transaction per pack.</summary>
/// <remarks>For one caller at a time. The same bytes are the same blob as with <see cref="BlobStore.PutAsync(ReadOnlyMemory{byte}, CancellationToken)"/>,
/// and what the store has already is not stored again. Nothing is promised before <see cref="CompleteAsync"/> has returned; what was
/// added to a writer that is disposed without it is thrown away or collected later.</remarks>
public sealed class BlobPackWriter : IAsyncDisposable
{
    // What is asked of the database at once: which of these blobs are known.
    private const int BufferedBytes = 4 << 20;
    private const int BufferedBlobs = 4096;
    private readonly BlobStore _store;
    private readonly long _packBytes;
    private readonly byte[] _buffer = new byte[BufferedBytes];
    private readonly List<PackEntry> _buffered = [];
    private readonly HashSet<BlobId> _seen = [];
    private PackFile? _pack;
    private Task _storing = Task.CompletedTask;

    internal BlobPackWriter(BlobStore store, long packBytes)
    {
        _store = store;
        _packBytes = packBytes;
    }

    private int Buffered => _buffered.Count == 0 ? 0 : (int)_buffered[^1].Position + _buffered[^1].Bytes;

    /// <summary>Adds a blob; one of 1 MiB or more is stored on its own. The bytes may be changed after the call.</summary>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public async Task<BlobRef> AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        if (bytes.Length >= BlobStore.PackedBelow)
        {
            return await _store.PutAsync(bytes, cancellationToken);
        }

        await MakeRoomAsync(bytes.Length, cancellationToken);
        bytes.CopyTo(_buffer.AsMemory(Buffered));
        return Take(bytes.Length);
    }

    /// <summary>Adds the next bytes of a stream as a blob; one of 1 MiB or more is stored on its own.</summary>
    /// <exception cref="EndOfStreamException">The stream has fewer bytes.</exception>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public async Task<BlobRef> AddAsync(Stream source, int bytes, CancellationToken cancellationToken = default)
    {
        if (bytes < BlobStore.PackedBelow)
        {
            await MakeRoomAsync(bytes, cancellationToken);
            await source.ReadExactlyAsync(_buffer.AsMemory(Buffered, bytes), cancellationToken);
            return Take(bytes);
        }

        var whole = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            await source.ReadExactlyAsync(whole.AsMemory(0, bytes), cancellationToken);
            return await _store.PutAsync(whole.AsMemory(0, bytes), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    /// <summary>Makes everything that was added durable.</summary>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        await FlushAsync(cancellationToken);
        await EndPackAsync(cancellationToken);
        await _storing;
    }

    public async ValueTask DisposeAsync()
    {
        _pack?.Dispose();
        await _storing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask MakeRoomAsync(int bytes, CancellationToken cancellationToken)
    {
        if (Buffered + bytes > BufferedBytes || _buffered.Count == BufferedBlobs)
        {
            await FlushAsync(cancellationToken);
        }
    }

    /// <summary>Keeps what was put where the buffer is free, if it is not there already.</summary>
    private BlobRef Take(int bytes)
    {
        var position = Buffered;
        var blob = new BlobRef { Blob = BlobId.FromHash(SHA256.HashData(_buffer.AsSpan(position, bytes))), Bytes = bytes };
        if (_pack?.Contains(blob.Blob) != true && _seen.Add(blob.Blob))
        {
            _buffered.Add(new PackEntry(blob.Blob, position, bytes));
        }

        return blob;
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_buffered.Count == 0)
        {
            return;
        }

        var known = await _store.KnownAsync(_buffered.Select(entry => entry.Blob), cancellationToken);
        foreach (var entry in _buffered.Where(entry => !known.Contains(entry.Blob)))
        {
            if (_pack is not null && _pack.Length + entry.Bytes > _packBytes)
            {
                await EndPackAsync(cancellationToken);
            }

            (_pack ??= _store.NewPack()).Add(entry.Blob, _buffer.AsSpan((int)entry.Position, entry.Bytes));
        }

        _buffered.Clear();
        _seen.Clear();
    }

    // One pack is flushed and named while the next one fills.
    private async Task EndPackAsync(CancellationToken cancellationToken)
    {
        await _storing;
        if (_pack is not { } full)
        {
            return;
        }

        _pack = null;
        _storing = Task.Run(
            async () =>
            {
                using (full)
                {
                    await _store.KeepPackAsync(full, cancellationToken);
                }
            },
            CancellationToken.None);
    }
}
