using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>Values of one column as a file holds them. They go one by one into builders, which turn them into the type that is wanted.</summary>
internal abstract class ColumnValues
{
    public abstract void AppendTo(ColumnBuilder target, int row);

    /// <summary>Adds rows to a batch and hands it out whenever it is full. A column without values is null.</summary>
    public static IEnumerable<RecordBatch> Pour(IReadOnlyList<ColumnValues?> columns, int first, int count, BatchBuilder batch)
    {
        for (var row = first; row < first + count; row++)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                columns[i]?.AppendTo(batch.Columns[i], row);
            }

            batch.EndRow();
            if (batch.Full)
            {
                yield return batch.Take();
            }
        }
    }
}
