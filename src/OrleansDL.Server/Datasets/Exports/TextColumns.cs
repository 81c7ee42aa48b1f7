namespace OrleansDL.Datasets.Exports;

/// <summary>The rule for formats of text.</summary>
internal static class TextColumns
{
    /// <exception cref="InvalidException">Columns hold bytes.</exception>
    public static void Check(IReadOnlyList<Column> columns, string format)
    {
        var bytes = columns.Where(column => column.Type is ColumnType.Image or ColumnType.Tensor).Select(column => column.Name).ToList();
        if (bytes.Count > 0)
        {
            throw new InvalidException($"{format} holds no bytes, which {string.Join(", ", bytes)} {(bytes.Count == 1 ? "is" : "are")}. Name other columns with columns=, or export as parquet, arrow, mds, webdataset or original.");
        }
    }
}
