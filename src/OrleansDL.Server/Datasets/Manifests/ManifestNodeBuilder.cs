namespace OrleansDL.Datasets.Manifests;

/// <summary>Collects sorted entries and says when they make a node.</summary>
internal sealed class ManifestNodeBuilder
{
    private readonly CanonicalJsonWriter _writer = new();
    private string? _first;
    private string? _last;
    private long _bytes;
    private long _rows;

    public long Count { get; private set; }

    /// <summary>True when the entry ends the node: <see cref="Take"/> it before adding more.</summary>
    public bool Add(DatasetEntry entry)
    {
        if (_last is not null && EntryPath.Compare(_last, entry.Path) >= 0)
        {
            throw new InvalidOperationException($"Manifest entries are sorted and differ: '{entry.Path}' cannot follow '{_last}'.");
        }

        ManifestFormat.WriteEntry(_writer, entry);
        _first ??= entry.Path;
        _last = entry.Path;
        _bytes += entry.Bytes;
        _rows += entry.Rows;
        Count++;
        return ManifestFormat.EndsNode(Count, entry.Path);
    }

    /// <summary>The node's canonical bytes, valid until the next <see cref="Add"/>, and the node once those have a digest.</summary>
    public (ReadOnlyMemory<byte> Bytes, Func<BlobId, ManifestNode> Node) Take()
    {
        var (first, last, count, bytes, rows) = (_first!, _last!, Count, _bytes, _rows);
        var written = _writer.Written;
        (_first, _last, Count, _bytes, _rows) = (null, null, 0, 0, 0);
        _writer.Clear();
        return (written, digest => new ManifestNode { First = first, Last = last, Digest = digest, Count = count, Bytes = bytes, Rows = rows });
    }
}
