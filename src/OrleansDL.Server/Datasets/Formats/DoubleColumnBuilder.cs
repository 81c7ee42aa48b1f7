using System.Runtime.InteropServices;
using Apache.Arrow;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

internal sealed class DoubleColumnBuilder(Column column) : ColumnBuilder(column)
{
    private double[] _values = new double[64];

    public override void AppendInteger(long value) => AppendNumber(value);

    public override void AppendNumber(double value)
    {
        if (double.IsNaN(value))
        {
            AppendNull();
            return;
        }

        if (double.IsInfinity(value))
        {
            throw new InvalidDataException($"Column '{Column.Name}' holds an infinite number.");
        }

        Place() = value;
        OnAppended();
    }

    public override void AppendText(ReadOnlySpan<byte> text) => AppendNumber(NumberParser.TryDouble(text, out var value) ? value : throw NotOf(text));

    protected override void AppendDefault() => Place() = 0;

    protected override IArrowArray Build(ArrowBuffer validity, int nulls)
    {
        var array = new DoubleArray(new ArrowBuffer(MemoryMarshal.AsBytes(_values.AsSpan(0, Count)).ToArray()), validity, Count, nulls, 0);
        return array;
    }

    private ref double Place()
    {
        if (Count == _values.Length)
        {
            System.Array.Resize(ref _values, Count * 2);
        }

        return ref _values[Count];
    }
}
