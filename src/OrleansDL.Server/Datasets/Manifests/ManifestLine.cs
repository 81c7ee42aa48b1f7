using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Datasets.Manifests;

/// <summary>An entry as the canonical line it is stored as. Its path and counts are found without parsing the rest, and equal lines are equal entries.</summary>
internal readonly struct ManifestLine
{
    // Every line begins with {"blob":"sha256:(64 digits)","bytes": and so the number of bytes stands at the same place.
    private const int BytesAt = 90;
    private readonly int _rowsAt;

    public ManifestLine(ReadOnlyMemory<byte> line)
    {
        Line = line;
        var span = line.Span;

        // A quote within a string is escaped, so these bytes stand only where the key stands.
        var start = span[BytesAt..].IndexOf(",\"path\":\""u8) + BytesAt + 9;
        var length = 0;
        while (true)
        {
            length += span[(start + length)..].IndexOf((byte)'"');
            if (span[start + length - 1] != (byte)'\\')
            {
                break;
            }

            length++;
        }

        var path = line.Slice(start, length);
        Path = path.Span.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(JsonSerializer.Deserialize<string>(line.Span.Slice(start - 1, length + 2))!) : path;
        _rowsAt = start + length + 9;
    }

    /// <summary>The canonical bytes, without the line's end.</summary>
    public ReadOnlyMemory<byte> Line { get; }

    /// <summary>The path's UTF-8 bytes, by which manifests are ordered.</summary>
    public ReadOnlyMemory<byte> Path { get; }

    public BlobId Blob => BlobId.Parse(Encoding.ASCII.GetString(Line.Span[9..80]));

    public long Bytes => Number(BytesAt);

    public long Rows => Number(_rowsAt);

    public DatasetEntry Entry =>
        JsonSerializer.Deserialize<DatasetEntry>(Line.Span, OdlJson.Options) ?? throw new InvalidDataException("A manifest line is null.");

    public int CompareTo(ReadOnlySpan<byte> path) => Path.Span.SequenceCompareTo(path);

    private long Number(int at) => Utf8Parser.TryParse(Line.Span[at..], out long value, out _)
        ? value
        : throw new InvalidDataException("A manifest line is not canonical.");
}
