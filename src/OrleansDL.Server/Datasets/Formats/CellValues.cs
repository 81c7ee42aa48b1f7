namespace OrleansDL.Datasets.Formats;

/// <summary>Values in an array, each added as its type asks for; null is null.</summary>
/// <param name="values">The values.</param>
/// <param name="append">Adds one that is there.</param>
internal sealed class CellValues<T>(T[] values, Action<ColumnBuilder, T> append) : ColumnValues
{
    public override void AppendTo(ColumnBuilder target, int row)
    {
        if (values[row] is { } value)
        {
            append(target, value);
        }
        else
        {
            target.AppendNull();
        }
    }
}
