using Apache.Arrow;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

internal sealed class Int64ColumnBuilder(Column column) : NumberColumnBuilder<long>(column)
{
    public override void AppendInteger(long value) => Append(value);

    public override void AppendText(ReadOnlySpan<byte> text) => Append(NumberParser.TryInt64(text, out var value) ? value : throw NotOf(text));

    protected override IArrowArray Build(ArrowBuffer values, ArrowBuffer validity, int nulls) => new Int64Array(values, validity, Count, nulls, 0);
}
