using System.Runtime.InteropServices;
using Apache.Arrow;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

internal sealed class Int64ColumnBuilder(Column column) : ColumnBuilder(column)
{
    private long[] _values = new long[64];

    public override void AppendInteger(long value)
    {
        Place() = value;
        OnAppended();
    }

    public override void AppendText(ReadOnlySpan<byte> text) => AppendInteger(NumberParser.TryInt64(text, out var value) ? value : throw NotOf(text));

    protected override void AppendDefault() => Place() = 0;

    protected override IArrowArray Build(ArrowBuffer validity, int nulls)
    {
        var array = new Int64Array(new ArrowBuffer(MemoryMarshal.AsBytes(_values.AsSpan(0, Count)).ToArray()), validity, Count, nulls, 0);
        return array;
    }

    private ref long Place()
    {
        if (Count == _values.Length)
        {
            System.Array.Resize(ref _values, Count * 2);
        }

        return ref _values[Count];
    }
}
