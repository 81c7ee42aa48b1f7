using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace OrleansDL.Datasets.Selection;

/// <summary>A number for each row that follows from the seed and the row's values alone: XXH3 over the values that are not null.</summary>
/// <remarks>A null adds nothing, so that a column that comes later leaves the numbers of the rows before it as they were.</remarks>
internal sealed class RowHash(IReadOnlyList<string> columns, long seed)
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1024);

    public IReadOnlyList<string> Columns => columns;

    public ulong Of(IRowView row)
    {
        _bytes.ResetWrittenCount();
        for (var i = 0; i < columns.Count; i++)
        {
            switch (row.Get(columns[i]))
            {
                case bool truth:
                    Put(i, 'b', truth ? 1 : 0);
                    break;
                case long integer:
                    Put(i, 'i', integer);
                    break;
                case double number:
                    Put(i, 'f', BitConverter.DoubleToInt64Bits(number));
                    break;
                case string text:
                    Put(i, 's', Encoding.UTF8.GetByteCount(text));
                    _bytes.Advance(Encoding.UTF8.GetBytes(text, _bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
                    break;
                case byte[] bytes:
                    Put(i, 'x', bytes.Length);
                    _bytes.Write(bytes);
                    break;
            }
        }

        return XxHash3.HashToUInt64(_bytes.WrittenSpan, seed);
    }

    private void Put(int column, char kind, long value)
    {
        var span = _bytes.GetSpan(13);
        BinaryPrimitives.WriteInt32LittleEndian(span, column);
        span[4] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(span[5..], value);
        _bytes.Advance(13);
    }
}
