using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>Takes single rows out of record batches.</summary>
internal static class BatchRowCopy
{
    /// <summary>Adds one row to a builder, whose columns are found in the batch by name.</summary>
    public static void To(BatchBuilder builder, RecordBatch batch, int row)
    {
        foreach (var column in builder.Columns)
        {
            ArrowValues.Of(batch.Column(column.Column.Name)).AppendTo(column, row);
        }

        builder.EndRow();
    }
}
