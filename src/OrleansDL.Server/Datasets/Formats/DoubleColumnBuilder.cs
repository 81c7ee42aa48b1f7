using Apache.Arrow;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

internal sealed class DoubleColumnBuilder(Column column) : NumberColumnBuilder<double>(column)
{
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

        Append(value);
    }

    public override void AppendText(ReadOnlySpan<byte> text) => AppendNumber(NumberParser.TryDouble(text, out var value) ? value : throw NotOf(text));

    protected override IArrowArray Build(ArrowBuffer values, ArrowBuffer validity, int nulls) => new DoubleArray(values, validity, Count, nulls, 0);
}
