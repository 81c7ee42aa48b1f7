namespace OrleansDL.Blobs;

/// <summary>A pack being written.</summary>
internal sealed class PackFile : IDisposable
{
    private readonly AppendedFile _file;
    private readonly List<PackEntry> _entries = [];
    private readonly HashSet<BlobId> _blobs = [];
    private bool _disposed;

    public PackFile(string path)
    {
        Path = path;
        _file = new AppendedFile(path, create: true);
        _file.Append(PackFormat.Magic);
    }

    public string Path { get; }

    public long Length => _file.Length;

    public IReadOnlyList<PackEntry> Entries => _entries;

    public bool Contains(BlobId blob) => _blobs.Contains(blob);

    public void Add(BlobId blob, ReadOnlySpan<byte> bytes)
    {
        var position = _file.Length;
        _file.Append(bytes);
        _entries.Add(new PackEntry(blob, position, bytes.Length));
        _blobs.Add(blob);
    }

    /// <summary>Adds blobs that lie one behind the other. Nothing is copied where the bytes begin as far behind a block of memory as the pack's end lies behind one of the disk.</summary>
    public void Add(IReadOnlyList<PackEntry> blobs, ReadOnlySpan<byte> bytes)
    {
        var position = _file.Length;
        _file.Append(bytes);
        foreach (var blob in blobs)
        {
            _entries.Add(blob with { Position = position });
            _blobs.Add(blob.Blob);
            position += blob.Bytes;
        }
    }

    /// <summary>Writes index and footer, makes the file durable and closes it. Answers the pack's id and length.</summary>
    public (string Pack, long Bytes) End()
    {
        var (pack, tail) = PackFormat.End(_entries, _file.Length);
        _file.Append(tail);
        _file.Flush();
        _file.Sync();
        _file.Dispose();
        return (pack, _file.Length);
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _file.Dispose();
        File.Delete(Path);
    }
}
