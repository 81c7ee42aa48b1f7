namespace OrleansDL.Blobs;

/// <summary>A pack being written.</summary>
internal sealed class PackFile : IDisposable
{
    private readonly FileStream _file;
    private readonly List<PackEntry> _entries = [];
    private readonly HashSet<BlobId> _blobs = [];
    private bool _disposed;

    public PackFile(string path)
    {
        Path = path;
        try
        {
            _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 18);
            _file.Write(PackFormat.Magic);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            File.Delete(path);
            throw Disk.Full();
        }
    }

    public string Path { get; }

    public long Length => _file.Position;

    public IReadOnlyList<PackEntry> Entries => _entries;

    public bool Contains(BlobId blob) => _blobs.Contains(blob);

    public void Add(BlobId blob, ReadOnlySpan<byte> bytes)
    {
        var position = _file.Position;
        try
        {
            _file.Write(bytes);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }

        _entries.Add(new PackEntry(blob, position, bytes.Length));
        _blobs.Add(blob);
    }

    /// <summary>Writes index and footer, makes the file durable and closes it. Answers the pack's id and length.</summary>
    public (string Pack, long Bytes) End()
    {
        var (pack, tail) = PackFormat.End(_entries, _file.Position);
        try
        {
            _file.Write(tail);
            _file.Flush(flushToDisk: true);
            var bytes = _file.Length;
            _file.Dispose();
            return (pack, bytes);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        try
        {
            _file.Dispose();
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            // What could not be flushed is thrown away.
        }

        File.Delete(Path);
    }
}
