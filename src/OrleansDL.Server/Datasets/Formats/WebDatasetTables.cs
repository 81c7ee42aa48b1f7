using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Apache.Arrow;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads WebDataset tars: one row a sample.</summary>
internal sealed class WebDatasetTables(BlobStore blobs, RowIndexes indexes, IOptions<IngestLimits> limits) : ITableFormat
{
    public async Task<TableShape> InspectAsync(Stream file, CancellationToken cancellationToken)
    {
        var index = new RowIndexBuilder();
        var columns = new Dictionary<string, Column>(StringComparer.Ordinal) { [WebDatasetColumns.Key] = new() { Name = WebDatasetColumns.Key, Type = ColumnType.String } };
        var whole = true;
        long rows = 0;
        await foreach (var sample in TarSamples.ReadAsync(file, 0, limits.Value.MaximumImageBytes, cancellationToken))
        {
            index.At(rows, sample.Offset);
            rows++;
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (extension, bytes) in sample.Members)
            {
                var column = WebDatasetColumns.Of(extension);
                if (!seen.Add(column.Name) || column.Name == WebDatasetColumns.Key)
                {
                    throw new InvalidException($"The sample '{EntryPath.Shorten(sample.Key)}' has two files for the column '{column.Name}'. Give one another extension (left.jpg, right.jpg).");
                }

                if (ColumnNames.Fault(column.Name) is { } fault)
                {
                    throw new InvalidException($"The sample '{EntryPath.Shorten(sample.Key)}' has a column that {fault}.");
                }

                columns.TryAdd(column.Name, column);
                if (columns.Count > limits.Value.MaximumColumns)
                {
                    throw new InvalidException($"It has more than {limits.Value.MaximumColumns} different extensions. Raise Datasets:MaximumColumns to allow it.");
                }

                if (column.Type == ColumnType.Image)
                {
                    ImageCheck.Check(bytes, $"{sample.Key}.{extension}", limits.Value);
                }
                else if (!Utf8.IsValid(bytes))
                {
                    throw new InvalidException($"'{EntryPath.Shorten(sample.Key)}.{extension}' is not valid UTF-8. Convert it to UTF-8.");
                }

                whole &= extension != WebDatasetColumns.Class || NumberParser.TryInt64(Trim(bytes), out _);
            }
        }

        if (whole && columns.TryGetValue(WebDatasetColumns.Label, out var label))
        {
            columns[WebDatasetColumns.Label] = label with { Type = ColumnType.Int64 };
        }

        return new TableShape { Rows = rows, Columns = [.. columns.Values], Index = index.Finish() };
    }

    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = await blobs.OpenReadAsync(read.Entry.Blob, cancellationToken);
        var start = read.FirstRow > 0 && await indexes.FindAsync(read.Entry.Blob, read.Entry.Format, header: false) is { } index ? index.Before(read.FirstRow) : default;
        var columns = batch.Columns.ToDictionary(column => column.Column.Name, StringComparer.Ordinal);
        var skip = read.FirstRow - start.Row;
        long done = 0;
        await foreach (var sample in TarSamples.ReadAsync(file, start.Offset, long.MaxValue, cancellationToken))
        {
            if (skip-- > 0)
            {
                continue;
            }

            columns.GetValueOrDefault(WebDatasetColumns.Key)?.AppendText(Encoding.UTF8.GetBytes(sample.Key));
            foreach (var (extension, bytes) in sample.Members)
            {
                columns.GetValueOrDefault(WebDatasetColumns.Of(extension).Name)?.AppendText(extension == WebDatasetColumns.Class ? Trim(bytes) : bytes);
            }

            batch.EndRow();
            if (batch.Full)
            {
                yield return batch.Take();
            }

            if (++done == read.Rows)
            {
                yield break;
            }
        }

        throw read.Short(done);
    }

    private static ReadOnlySpan<byte> Trim(byte[] text) => text.AsSpan().Trim(" \t\r\n"u8);
}
