using System.Runtime.InteropServices;
using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>Gathers numbers of a fixed width.</summary>
internal abstract class NumberColumnBuilder<T>(Column column) : ColumnBuilder(column)
    where T : unmanaged
{
    private T[] _values = new T[64];

    protected void Append(T value)
    {
        Place(value);
        OnAppended();
    }

    protected sealed override void AppendDefault() => Place(default);

    protected sealed override IArrowArray Build(ArrowBuffer validity, int nulls) =>
        Build(new ArrowBuffer(MemoryMarshal.AsBytes(_values.AsSpan(0, Count)).ToArray()), validity, nulls);

    protected abstract IArrowArray Build(ArrowBuffer values, ArrowBuffer validity, int nulls);

    private void Place(T value)
    {
        if (Count == _values.Length)
        {
            System.Array.Resize(ref _values, Count * 2);
        }

        _values[Count] = value;
    }
}
