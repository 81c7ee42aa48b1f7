using System.Buffers.Text;
using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

internal sealed class BoolColumnBuilder(Column column) : ColumnBuilder(column)
{
    private readonly byte[] _bits = new byte[(BatchBuilder.MaximumRows + 7) / 8];

    public override void AppendTruth(bool value)
    {
        BitUtility.SetBit(_bits, Count, value);
        OnAppended();
    }

    public override void AppendText(ReadOnlySpan<byte> text) =>
        AppendTruth(Utf8Parser.TryParse(text, out bool value, out var consumed) && consumed == text.Length ? value : throw NotOf(text));

    protected override void AppendDefault() => BitUtility.SetBit(_bits, Count, false);

    protected override IArrowArray Build(ArrowBuffer validity, int nulls) =>
        new BooleanArray(new ArrowBuffer(_bits.AsSpan(0, (Count + 7) / 8).ToArray()), validity, Count, nulls, 0);
}
