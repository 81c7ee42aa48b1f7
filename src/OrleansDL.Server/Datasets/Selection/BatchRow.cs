using Apache.Arrow;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Selection;

/// <summary>A row of a record batch.</summary>
internal sealed class BatchRow(RecordBatch batch) : IRowView
{
    private readonly Dictionary<string, IArrowArray> _columns = Enumerable.Range(0, batch.ColumnCount)
        .ToDictionary(i => batch.Schema.GetFieldByIndex(i).Name, i => batch.Column(i), StringComparer.Ordinal);

    public int Row { get; set; }

    public object? Get(string column) => RowValues.Get(_columns[column], Row);
}
