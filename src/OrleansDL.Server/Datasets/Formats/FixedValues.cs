using System.Buffers.Binary;
using System.Text;

namespace OrleansDL.Datasets.Formats;

/// <summary>One field of records of a fixed size, as NumPy and IDX write them.</summary>
internal sealed class FixedValues(NumberFormat format, byte[] records, int recordBytes, int offset) : ColumnValues
{
    public override void AppendTo(ColumnBuilder target, int row)
    {
        var value = records.AsSpan((row * recordBytes) + offset, format.Bytes);
        switch (format.Kind)
        {
            case 'b':
                target.AppendTruth(value[0] != 0);
                break;
            case 'i' or 'u':
                target.AppendInteger(Integer(value));
                break;
            case 'f':
                target.AppendNumber(Number(value));
                break;
            case 'S':
                target.AppendText(value.TrimEnd((byte)0));
                break;
            case 'U':
                var text = (format.BigEndian ? Encoding.GetEncoding("utf-32BE") : Encoding.UTF32).GetString(value).TrimEnd('\0');
                target.AppendText(Encoding.UTF8.GetBytes(text));
                break;
            default:
                Tensor(target, value);
                break;
        }
    }

    // Tensors are little-endian for whoever reads them.
    private void Tensor(ColumnBuilder target, Span<byte> value)
    {
        if (!format.BigEndian || format.ElementBytes == 1)
        {
            target.AppendText(value);
            return;
        }

        var turned = value.ToArray();
        for (var i = 0; i < turned.Length; i += format.ElementBytes)
        {
            turned.AsSpan(i, format.ElementBytes).Reverse();
        }

        target.AppendText(turned);
    }

    private long Integer(ReadOnlySpan<byte> value) => (format.Kind, value.Length, format.BigEndian) switch
    {
        ('u', 1, _) => value[0],
        ('i', 1, _) => (sbyte)value[0],
        ('u', 2, false) => BinaryPrimitives.ReadUInt16LittleEndian(value),
        ('u', 2, true) => BinaryPrimitives.ReadUInt16BigEndian(value),
        ('i', 2, false) => BinaryPrimitives.ReadInt16LittleEndian(value),
        ('i', 2, true) => BinaryPrimitives.ReadInt16BigEndian(value),
        ('u', 4, false) => BinaryPrimitives.ReadUInt32LittleEndian(value),
        ('u', 4, true) => BinaryPrimitives.ReadUInt32BigEndian(value),
        ('i', 4, false) => BinaryPrimitives.ReadInt32LittleEndian(value),
        ('i', 4, true) => BinaryPrimitives.ReadInt32BigEndian(value),
        ('i', _, false) => BinaryPrimitives.ReadInt64LittleEndian(value),
        ('i', _, true) => BinaryPrimitives.ReadInt64BigEndian(value),
        var (_, _, big) => (big ? BinaryPrimitives.ReadUInt64BigEndian(value) : BinaryPrimitives.ReadUInt64LittleEndian(value)) is <= long.MaxValue and var integer
            ? (long)integer
            : throw new InvalidDataException("It holds an integer above 9223372036854775807."),
    };

    private double Number(ReadOnlySpan<byte> value) => (value.Length, format.BigEndian) switch
    {
        (2, false) => (double)BinaryPrimitives.ReadHalfLittleEndian(value),
        (2, true) => (double)BinaryPrimitives.ReadHalfBigEndian(value),
        (4, false) => BinaryPrimitives.ReadSingleLittleEndian(value),
        (4, true) => BinaryPrimitives.ReadSingleBigEndian(value),
        (_, false) => BinaryPrimitives.ReadDoubleLittleEndian(value),
        (_, true) => BinaryPrimitives.ReadDoubleBigEndian(value),
    };
}
