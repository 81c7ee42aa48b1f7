using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace OrleansDL.Datasets.Formats;

/// <summary>Texts, images and tensors: bytes of any length.</summary>
internal sealed class BytesColumnBuilder(Column column) : ColumnBuilder(column)
{
    private byte[] _bytes = new byte[1024];
    private int[] _offsets = new int[65];
    private int _used;

    public override long Bytes => _used;

    public override void AppendText(ReadOnlySpan<byte> text)
    {
        var needed = (long)_used + text.Length;
        if (needed > _bytes.Length)
        {
            System.Array.Resize(ref _bytes, (int)Math.Min(Math.Max(needed, 2L * _bytes.Length), System.Array.MaxLength));
        }

        text.CopyTo(_bytes.AsSpan(_used));
        _used = (int)needed;
        EndValue();
        OnAppended();
    }

    public override void AppendInteger(long value)
    {
        if (Column.Type != ColumnType.String)
        {
            base.AppendInteger(value);
            return;
        }

        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, text, out var length);
        AppendText(text[..length]);
    }

    public override void AppendNumber(double value)
    {
        if (double.IsNaN(value))
        {
            AppendNull();
        }
        else if (Column.Type == ColumnType.String)
        {
            AppendText(Encoding.UTF8.GetBytes(value.ToString("R", CultureInfo.InvariantCulture)));
        }
        else
        {
            base.AppendNumber(value);
        }
    }

    public override void AppendTruth(bool value)
    {
        if (Column.Type != ColumnType.String)
        {
            base.AppendTruth(value);
            return;
        }

        AppendText(value ? "true"u8 : "false"u8);
    }

    protected override void AppendDefault() => EndValue();

    // The bytes go into the array as they are; the next batch gets new ones of the size that was needed.
    protected override IArrowArray Build(ArrowBuffer validity, int nulls)
    {
        var offsets = new ArrowBuffer(MemoryMarshal.AsBytes(_offsets.AsSpan(0, Count + 1)).ToArray());
        var values = new ArrowBuffer(_bytes.AsMemory(0, _used));
        var type = (IArrowType)(Column.Type == ColumnType.String ? StringType.Default : BinaryType.Default);
        var data = new ArrayData(type, Count, nulls, 0, [validity, offsets, values]);
        _bytes = new byte[Math.Max(1024, _used)];
        _used = 0;
        return Column.Type == ColumnType.String ? new StringArray(data) : new BinaryArray(data);
    }

    private void EndValue()
    {
        if (Count + 1 == _offsets.Length)
        {
            System.Array.Resize(ref _offsets, (Count * 2) + 1);
        }

        _offsets[Count + 1] = _used;
    }
}
