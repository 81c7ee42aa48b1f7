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
    private static readonly Task<IReadOnlyList<BlobId>> Nothing = Task.FromResult<IReadOnlyList<BlobId>>([]);
    private readonly BlobStore _store;
    private readonly long _packBytes;
    private readonly string? _project;
    private readonly AlignedBuffer _buffer = AlignedBuffer.Rent(BufferedBytes);
    private readonly List<PackEntry> _buffered = [];
    private readonly HashSet<BlobId> _seen = [];
    private readonly List<BlobId> _elsewhere = [];
    private PackFile? _pack;
    private Task<IReadOnlyList<BlobId>> _storing = Nothing;

    internal BlobPackWriter(BlobStore store, long packBytes, string? project)
    {
        _store = store;
        _packBytes = packBytes;
        _project = project;
    }

    /// <summary>Of what was added and is durable, that which lies in no pack of this writer: for it the packs do not say who sent it.</summary>
    public IReadOnlyCollection<BlobId> Elsewhere => _elsewhere;

    // Bytes begin where the pack's last block ends, so that whole blocks go to the disk as they lie here.
    private int Start => (int)((_pack?.Length ?? PackFormat.Magic.Length) % AlignedBuffer.Block);

    private int Buffered => _buffered.Count == 0 ? Start : (int)_buffered[^1].Position + _buffered[^1].Bytes;

    /// <summary>Adds a blob; one of 1 MiB or more is stored on its own. The bytes may be changed after the call.</summary>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public async Task<BlobRef> AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        if (bytes.Length >= BlobStore.PackedBelow)
        {
            return Alone(await _store.PutAsync(bytes, cancellationToken));
        }

        await MakeRoomAsync(bytes.Length, cancellationToken);
        bytes.CopyTo(_buffer.Memory[Buffered..]);
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
            await source.ReadExactlyAsync(_buffer.Memory.Slice(Buffered, bytes), cancellationToken);
            return Take(bytes);
        }

        var whole = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            await source.ReadExactlyAsync(whole.AsMemory(0, bytes), cancellationToken);
            return Alone(await _store.PutAsync(whole.AsMemory(0, bytes), cancellationToken));
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
        await StoredAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _pack?.Dispose();
        _buffer.Dispose();
        await ((Task)_storing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private BlobRef Alone(BlobRef blob)
    {
        _elsewhere.Add(blob.Blob);
        return blob;
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
        var blob = new BlobRef { Blob = BlobId.FromHash(SHA256.HashData(_buffer.Span.Slice(position, bytes))), Bytes = bytes };
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
        _elsewhere.AddRange(known);
        var first = (int)_buffered[0].Position;
        var bytes = Buffered - first;
        if (known.Count == 0 && (_pack?.Length ?? 0) + bytes <= _packBytes)
        {
            (_pack ??= _store.NewPack()).Add(_buffered, _buffer.Span.Slice(first, bytes));
        }
        else
        {
            await AddNewAsync(known, cancellationToken);
        }

        _buffered.Clear();
        _seen.Clear();
    }

    private async Task AddNewAsync(IReadOnlySet<BlobId> known, CancellationToken cancellationToken)
    {
        foreach (var entry in _buffered.Where(entry => !known.Contains(entry.Blob)))
        {
            if (_pack is not null && _pack.Length + entry.Bytes > _packBytes)
            {
                await EndPackAsync(cancellationToken);
            }

            (_pack ??= _store.NewPack()).Add(entry.Blob, _buffer.Span.Slice((int)entry.Position, entry.Bytes));
        }
    }

    // One pack is flushed and named while the next one fills.
    private async Task EndPackAsync(CancellationToken cancellationToken)
    {
        await StoredAsync();
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
                    return await _store.KeepPackAsync(full, _project, cancellationToken);
                }
            },
            CancellationToken.None);
    }

    private async Task StoredAsync()
    {
        _elsewhere.AddRange(await _storing);
        _storing = Nothing;
    }
}
