using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>Rows of record batches as values by column, as JSON shows them.</summary>
internal static class RowValues
{
    public static Dictionary<string, object?> Of(RecordBatch batch, int row)
    {
        var values = new Dictionary<string, object?>(batch.ColumnCount, StringComparer.Ordinal);
        for (var i = 0; i < batch.ColumnCount; i++)
        {
            values[batch.Schema.GetFieldByIndex(i).Name] = Get(batch.Column(i), row);
        }

        return values;
    }

    public static object? Get(IArrowArray array, int row) => array.IsNull(row) ? null : array switch
    {
        Int64Array integers => integers.Values[row],
        DoubleArray numbers => numbers.Values[row],
        BooleanArray truths => truths.GetValue(row),
        StringArray texts => texts.GetString(row),
        BinaryArray bytes => bytes.GetBytes(row).ToArray(),
        _ => throw new InvalidOperationException($"A reader gave a column of type {array.Data.DataType.Name}."),
    };
}
