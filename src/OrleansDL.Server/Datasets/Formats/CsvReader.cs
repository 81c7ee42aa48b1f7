using System.Runtime.CompilerServices;
using System.Text;
using Apache.Arrow;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads rows of CSV and TSV files. Columns are found by the names in the file's header, or by their numbers.</summary>
internal sealed class CsvReader(BlobStore blobs, RowSeek seek, IOptions<IngestLimits> limits) : IFormatReader
{
    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var entry = read.Entry;
        var fields = new CsvFields(Delimiter(entry.Format));
        await using var file = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        var start = await seek.FindAsync(file, entry, read.FirstRow, cancellationToken);
        string[] names = [];
        if (entry.Header)
        {
            (names, var afterHeader) = await ReadHeaderAsync(file, fields, cancellationToken);
            start = start.Offset == 0 ? new RowPoint(0, afterHeader) : start;
        }

        file.Seek(start.Offset, SeekOrigin.Begin);
        var columns = batch.Columns.Select(column => Place(column.Column.Name, entry.Header ? names : null)).ToArray();
        using var buffer = new RecordBuffer(file, limits.Value.MaximumRecordBytes + 1);
        var skip = read.FirstRow - start.Row;
        long done = 0;
        var begun = start.Offset > 0;
        while (done < read.Rows)
        {
            if (!await buffer.FillAsync(cancellationToken))
            {
                throw TooLong(entry);
            }

            begun = begun || SkipMark(buffer);
            while (done < read.Rows && fields.Read(buffer.Pending.Span, buffer.Completed) is > 0 and var length)
            {
                if (fields.Count > 0 && skip-- <= 0)
                {
                    Append(buffer.Pending.Span, fields, columns, batch);
                    done++;
                }

                buffer.Consume(length);
                if (batch.Full)
                {
                    yield return batch.Take();
                }
            }

            if (buffer.Completed && done < read.Rows)
            {
                throw read.Short(done);
            }
        }
    }

    public static byte Delimiter(string format) => format == IngestFormats.Tsv ? (byte)'\t' : (byte)',';

    /// <summary>Skips a byte order mark; true once enough is here to tell.</summary>
    public static bool SkipMark(RecordBuffer buffer)
    {
        if (buffer.Pending.Length < 3 && !buffer.Completed)
        {
            return false;
        }

        if (buffer.Pending.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            buffer.Consume(3);
        }

        return true;
    }

    public static InvalidException TooLong(DatasetEntry entry) =>
        new($"A row of '{entry.Path}' is longer than Datasets:MaximumRecordBytes allows now. Raise it, or download the file.");

    private static void Append(ReadOnlySpan<byte> text, CsvFields fields, int[] columns, BatchBuilder batch)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            var column = columns[i];
            var field = column >= 0 && column < fields.Count ? fields.Get(text, column) : [];
            if (field.IsEmpty)
            {
                batch.Columns[i].AppendNull();
            }
            else
            {
                batch.Columns[i].AppendText(field);
            }
        }

        batch.EndRow();
    }

    // A column that came into the schema after this file is not in it: negative.
    private static int Place(string name, string[]? header) => header is null
        ? name.StartsWith('c') && int.TryParse(name.AsSpan(1), out var number) ? number : -1
        : header.IndexOf(name);

    private async Task<(string[] Names, long Length)> ReadHeaderAsync(Stream file, CsvFields fields, CancellationToken cancellationToken)
    {
        file.Seek(0, SeekOrigin.Begin);
        using var buffer = new RecordBuffer(file, limits.Value.MaximumRecordBytes + 1);
        var begun = false;
        while (await buffer.FillAsync(cancellationToken))
        {
            begun = begun || SkipMark(buffer);
            while (begun && fields.Read(buffer.Pending.Span, buffer.Completed) is > 0 and var length)
            {
                var names = Enumerable.Range(0, fields.Count).Select(i => Encoding.UTF8.GetString(fields.Get(buffer.Pending.Span, i))).ToArray();
                buffer.Consume(length);
                if (names.Length > 0)
                {
                    return (names, buffer.Position);
                }
            }

            if (buffer.Completed)
            {
                break;
            }
        }

        throw new InvalidDataException("A CSV file that came in with a header has none.");
    }
}
