namespace OrleansDL.Datasets.Formats;

/// <summary>Where rows begin in a file whose rows have no fixed size: a point about every 256 KiB, so that reading from a row on skips what lies before it.</summary>
internal sealed class RowIndex(IReadOnlyList<RowPoint> points)
{
    /// <summary>Files of up to this many bytes need no index.</summary>
    public const int Spacing = 256 * 1024;

    private const byte Format = 1;

    public IReadOnlyList<RowPoint> Points => points;

    /// <summary>The last known point at or before a row.</summary>
    public RowPoint Before(long row)
    {
        var (low, high) = (0, points.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = points[middle].Row <= row ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? default : points[low - 1];
    }

    /// <summary>Differences from point to point, seven bits a byte: about five bytes a point.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Format);
        writer.Write7BitEncodedInt(points.Count);
        var last = default(RowPoint);
        foreach (var point in points)
        {
            writer.Write7BitEncodedInt64(point.Row - last.Row);
            writer.Write7BitEncodedInt64(point.Offset - last.Offset);
            last = point;
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Null when another version of the program wrote it: it is made again.</summary>
    public static RowIndex? Parse(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        if (reader.ReadByte() != Format)
        {
            return null;
        }

        var points = new RowPoint[reader.Read7BitEncodedInt()];
        var last = default(RowPoint);
        for (var i = 0; i < points.Length; i++)
        {
            last = new RowPoint(last.Row + reader.Read7BitEncodedInt64(), last.Offset + reader.Read7BitEncodedInt64());
            points[i] = last;
        }

        return new RowIndex(points);
    }
}
