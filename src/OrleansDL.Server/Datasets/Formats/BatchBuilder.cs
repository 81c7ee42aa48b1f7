using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>Gathers rows into record batches of at most 4096 rows and about 16 MiB.</summary>
internal sealed class BatchBuilder(Projection projection)
{
    public const int MaximumRows = 4096;
    public const int MaximumBytes = 16 << 20;

    public Projection Projection => projection;

    public IReadOnlyList<ColumnBuilder> Columns { get; } = [.. projection.Columns.Select(ColumnBuilder.Create)];

    public int Rows { get; private set; }

    public bool Full => Rows == MaximumRows || Bytes >= MaximumBytes;

    private long Bytes { get; set; }

    /// <summary>Ends a row; columns that got no value have null.</summary>
    public void EndRow()
    {
        Rows++;
        long bytes = 0;
        foreach (var column in Columns)
        {
            if (column.Count < Rows)
            {
                column.AppendNull();
            }

            bytes += column.Bytes;
        }

        Bytes = bytes;
    }

    public RecordBatch Take()
    {
        var batch = new RecordBatch(projection.Schema, Columns.Select(column => column.Take()), Rows);
        (Rows, Bytes) = (0, 0);
        return batch;
    }
}
