using Microsoft.Extensions.Options;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

/// <summary>Finds where to begin reading a CSV or JSON Lines file so that little before the wanted row is read.</summary>
internal sealed class RowSeek(RowIndexes indexes, IOptions<IngestLimits> limits)
{
    /// <summary>A row at or shortly before the wanted one, and the byte where it begins.</summary>
    public async Task<RowPoint> FindAsync(Stream file, DatasetEntry entry, long row, CancellationToken cancellationToken)
    {
        if (row == 0 || entry.Bytes <= RowIndex.Spacing)
        {
            return default;
        }

        var index = await indexes.FindAsync(entry.Blob, entry.Format, entry.Header);
        if (index is null)
        {
            index = await BuildAsync(file, entry, cancellationToken);
            await indexes.WriteAsync(entry.Blob, entry.Format, entry.Header, index);
        }

        return index.Before(row);
    }

    private async Task<RowIndex> BuildAsync(Stream file, DatasetEntry entry, CancellationToken cancellationToken)
    {
        file.Seek(0, SeekOrigin.Begin);
        using var buffer = new RecordBuffer(file, limits.Value.MaximumRecordBytes + 1);
        var fields = new CsvFields(CsvReader.Delimiter(entry.Format));
        var builder = new RowIndexBuilder();
        var row = entry.Header ? -1L : 0;
        var begun = false;
        while (!buffer.Completed)
        {
            if (!await buffer.FillAsync(cancellationToken))
            {
                throw CsvReader.TooLong(entry);
            }

            begun = begun || CsvReader.SkipMark(buffer);
            while (true)
            {
                var text = buffer.Pending.Span;
                var jsonLines = entry.Format == IngestFormats.JsonLines;
                var length = jsonLines ? JsonLinesReader.LineLength(text, buffer.Completed) : fields.Read(text, buffer.Completed);
                if (length == 0)
                {
                    break;
                }

                if (row >= 0)
                {
                    builder.At(row, buffer.Position);
                }

                row += (jsonLines ? JsonLinesReader.IsBlank(text[..length]) : fields.Count == 0) ? 0 : 1;
                buffer.Consume(length);
            }
        }

        return builder.Finish();
    }
}
