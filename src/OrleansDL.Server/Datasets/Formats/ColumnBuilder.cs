using System.Globalization;
using System.Text;
using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>Gathers the values of one column of a batch.</summary>
internal abstract class ColumnBuilder(Column column)
{
    private byte[]? _validity;
    private int _nulls;

    public Column Column => column;

    public int Count { get; private set; }

    /// <summary>Bytes held beyond a fixed width: those of texts and binaries.</summary>
    public virtual long Bytes => 0;

    public static ColumnBuilder Create(Column column) => column.Type switch
    {
        ColumnType.Bool => new BoolColumnBuilder(column),
        ColumnType.Int64 => new Int64ColumnBuilder(column),
        ColumnType.Float64 => new DoubleColumnBuilder(column),
        _ => new BytesColumnBuilder(column),
    };

    /// <summary>A value as text, as CSV and JSON write it; for texts and binaries the bytes themselves.</summary>
    /// <exception cref="InvalidDataException">The text is no value of the column's type.</exception>
    public abstract void AppendText(ReadOnlySpan<byte> text);

    public virtual void AppendInteger(long value) => throw NotOf(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number; NaN says that there is none.</summary>
    public virtual void AppendNumber(double value) => throw NotOf(value.ToString(CultureInfo.InvariantCulture));

    public virtual void AppendTruth(bool value) => throw NotOf(value ? "true" : "false");

    public void AppendNull()
    {
        AppendDefault();
        if (_validity is null)
        {
            _validity = new byte[(BatchBuilder.MaximumRows + 7) / 8];
            for (var i = 0; i < Count; i++)
            {
                BitUtility.SetBit(_validity, i);
            }
        }

        _nulls++;
        Count++;
    }

    /// <summary>The array; the builder begins again.</summary>
    public IArrowArray Take()
    {
        var validity = _validity is null ? ArrowBuffer.Empty : new ArrowBuffer(_validity.AsMemory(0, (Count + 7) / 8));
        var array = Build(validity, _nulls);
        (_validity, _nulls, Count) = (null, 0, 0);
        return array;
    }

    protected void OnAppended()
    {
        if (_validity is not null)
        {
            BitUtility.SetBit(_validity, Count);
        }

        Count++;
    }

    protected InvalidDataException NotOf(ReadOnlySpan<byte> text) => NotOf(Encoding.UTF8.GetString(text.Length > 64 ? text[..64] : text));

    private InvalidDataException NotOf(string text) => new($"Column '{column.Name}' holds '{text}', which is no {column.Type.ToString().ToLowerInvariant()}.");

    protected abstract void AppendDefault();

    protected abstract IArrowArray Build(ArrowBuffer validity, int nulls);
}
