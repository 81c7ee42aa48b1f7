using System.Buffers.Binary;

namespace OrleansDL.Datasets.Formats;

/// <summary>The header of an IDX file (as MNIST has them): type, number of dimensions, their sizes, all big-endian.</summary>
internal static class IdxHeader
{
    public const string Image = "image";
    public const string Label = "label";

    private const int MaximumRecord = 64 << 20;

    public static async Task<FixedLayout> ReadAsync(Stream file, CancellationToken cancellationToken)
    {
        var head = new byte[4 + (4 * 255)];
        file.Seek(0, SeekOrigin.Begin);
        var got = await file.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (got < 8 || head[0] != 0 || head[1] != 0 || Format(head[2]) is not { } format || head[3] == 0 || got < 4 + (4 * head[3]))
        {
            throw new InvalidDataException("It does not begin as an IDX file does (two zero bytes, a type, the number of dimensions and their sizes).");
        }

        var sizes = new long[head[3]];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(4 + (4 * i)));
        }

        var record = sizes[1..].Aggregate((long)format.Bytes, (product, size) => product is 0 or > MaximumRecord ? product : product * size);
        if (record is 0 or > MaximumRecord)
        {
            throw new InvalidDataException($"Its rows are said to have {string.Join(" x ", sizes[1..])} values; each may have 1 to {MaximumRecord} bytes.");
        }

        var column = sizes.Length == 1
            ? new FixedColumn(new Column { Name = Label, Type = format.Type }, format, 0)
            : new FixedColumn(
                new Column { Name = Image, Type = ColumnType.Tensor, Tensor = new TensorType(NumberFormat.Element(format.Kind, format.Bytes)!, [.. sizes[1..].Select(size => (int)size)]).ToString() },
                new NumberFormat('T', (int)record, BigEndian: true, format.Bytes),
                0);
        return new FixedLayout { Start = 4 + (4 * sizes.Length), Rows = sizes[0], RecordBytes = (int)record, Columns = [column] }.Checked(file.Length);
    }

    private static NumberFormat? Format(byte type) => type switch
    {
        0x08 => new NumberFormat('u', 1, true),
        0x09 => new NumberFormat('i', 1, true),
        0x0B => new NumberFormat('i', 2, true),
        0x0C => new NumberFormat('i', 4, true),
        0x0D => new NumberFormat('f', 4, true),
        0x0E => new NumberFormat('f', 8, true),
        _ => null,
    };
}
