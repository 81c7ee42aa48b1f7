using System.Buffers;
using System.Globalization;
using System.Text;
using Apache.Arrow;

namespace OrleansDL.Datasets.Exports;

/// <summary>CSV or TSV with a header; null is an empty field.</summary>
internal sealed class CsvExport(char delimiter) : IExportWriter
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private readonly SearchValues<char> _special = SearchValues.Create([delimiter, '"', '\r', '\n']);

    public string ContentType => delimiter == ',' ? "text/csv" : "text/tab-separated-values";

    public string Extension => delimiter == ',' ? "csv" : "tsv";

    public void Check(RowQuery rows) => TextColumns.Check(rows.Columns, Extension);

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(output, Utf8, 1 << 16, leaveOpen: true);
        var text = new StringBuilder();
        AppendLine(text, [.. rows.Columns.Select(column => column.Name)]);
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            for (var row = 0; row < batch.Length; row++)
            {
                for (var column = 0; column < batch.ColumnCount; column++)
                {
                    Append(text, Text(batch.Column(column), row), column, batch.ColumnCount);
                }

                text.Append('\n');
            }

            await writer.WriteAsync(text, cancellationToken);
            text.Clear();
        }

        await writer.WriteAsync(text, cancellationToken);
    }

    public static string? Text(IArrowArray array, int row) => array.IsNull(row) ? null : array switch
    {
        Int64Array integers => integers.Values[row].ToString(CultureInfo.InvariantCulture),
        DoubleArray numbers => NumberText.Of(numbers.Values[row]),
        BooleanArray truths => truths.GetValue(row)!.Value ? "true" : "false",
        _ => ((StringArray)array).GetString(row),
    };

    private void AppendLine(StringBuilder text, string[] cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            Append(text, cells[i], i, cells.Length);
        }

        text.Append('\n');
    }

    private void Append(StringBuilder text, string? cell, int column, int columns)
    {
        if (column > 0)
        {
            text.Append(delimiter);
        }

        if (string.IsNullOrEmpty(cell))
        {
            // An empty line would be no row.
            text.Append(columns == 1 ? "\"\"" : "");
        }
        else if (cell.AsSpan().IndexOfAny(_special) < 0)
        {
            text.Append(cell);
        }
        else
        {
            text.Append('"').Append(cell.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
    }
}
