using System.Text;

namespace OrleansDL.Datasets.Manifests;

/// <summary>Collects sorted entries and says when they make a node.</summary>
internal sealed class ManifestNodeBuilder
{
    private readonly CanonicalJsonWriter _writer = new();
    private byte[]? _first;
    private readonly byte[] _last = new byte[EntryPath.MaximumBytes];
    private int _lastLength;
    private long _bytes;
    private long _rows;

    public long Count { get; private set; }

    /// <summary>True when the entry ends the node: <see cref="Take"/> it before adding more.</summary>
    public bool Add(DatasetEntry entry)
    {
        var path = Encoding.UTF8.GetBytes(entry.Path);
        Follow(path);
        ManifestFormat.WriteEntry(_writer, entry);
        return Counted(path, entry.Bytes, entry.Rows);
    }

    /// <summary>Takes an entry over as it is stored.</summary>
    public bool Add(ManifestLine line)
    {
        Follow(line.Path.Span);
        _writer.Raw(line.Line.Span).EndLine();
        return Counted(line.Path.Span, line.Bytes, line.Rows);
    }

    /// <summary>The node's canonical bytes, valid until the next <see cref="Add(DatasetEntry)"/>, and the node once those have a digest.</summary>
    public (ReadOnlyMemory<byte> Bytes, Func<BlobId, ManifestNode> Node) Take()
    {
        var (first, last, count, bytes, rows) = (Encoding.UTF8.GetString(_first!), Encoding.UTF8.GetString(_last.AsSpan(0, _lastLength)), Count, _bytes, _rows);
        var written = _writer.Written;
        (_first, Count, _bytes, _rows) = (null, 0, 0, 0);
        _writer.Clear();
        return (written, digest => new ManifestNode { First = first, Last = last, Digest = digest, Count = count, Bytes = bytes, Rows = rows });
    }

    private void Follow(ReadOnlySpan<byte> path)
    {
        if (_first is not null && path.SequenceCompareTo(_last.AsSpan(0, _lastLength)) <= 0)
        {
            throw new InvalidOperationException($"Manifest entries are sorted and differ: '{Encoding.UTF8.GetString(path)}' cannot follow '{Encoding.UTF8.GetString(_last.AsSpan(0, _lastLength))}'.");
        }
    }

    private bool Counted(ReadOnlySpan<byte> path, long bytes, long rows)
    {
        _first ??= path.ToArray();
        path.CopyTo(_last);
        _lastLength = path.Length;
        _bytes += bytes;
        _rows += rows;
        Count++;
        return ManifestFormat.EndsNode(Count, path);
    }
}
