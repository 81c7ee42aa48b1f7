using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets;

/// <summary>Reads a version's rows page by page. A page token holds the file and the byte where the next row begins, so that nothing before it is read again.</summary>
internal sealed class DatasetRows(DatasetBlobs datasets, BlobStore blobs, IOptions<IngestLimits> options)
{
    public async Task<Page<Dictionary<string, object?>>> ReadAsync(DatasetVersion version, PageRequest page, CancellationToken cancellationToken)
    {
        var size = page.CheckedSize();
        var token = PageTokens.Decode(page.Token, parts: 2);
        long offset = 0;
        if (token is not null && (!long.TryParse(token[1], NumberStyles.None, CultureInfo.InvariantCulture, out offset)))
        {
            throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");
        }

        var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
        var rows = new List<Dictionary<string, object?>>();
        if (token is not null && offset > 0)
        {
            var entry = await datasets.Manifests.FindAsync(root, token[0], cancellationToken)
                ?? throw new InvalidException("The page token is of another version. Leave it out to begin at the first page.");
            var end = await ReadFileAsync(version, entry, Math.Min(offset, entry.Bytes), size, rows, cancellationToken);
            if (rows.Count == size && end < entry.Bytes)
            {
                return PageOf(rows, entry.Path, end);
            }
        }

        var after = token?[0];
        await foreach (var entry in datasets.Manifests.EntriesAsync(root, after, cancellationToken))
        {
            if (rows.Count == size)
            {
                return PageOf(rows, after!, 0);
            }

            after = entry.Path;
            var end = await ReadFileAsync(version, entry, 0, size, rows, cancellationToken);
            if (rows.Count == size && end < entry.Bytes)
            {
                return PageOf(rows, entry.Path, end);
            }
        }

        return new Page<Dictionary<string, object?>> { Items = rows };
    }

    private static Page<Dictionary<string, object?>> PageOf(List<Dictionary<string, object?>> rows, string path, long offset) =>
        new() { Items = rows, NextPageToken = PageTokens.Encode(path, offset.ToString(CultureInfo.InvariantCulture)) };

    /// <summary>Reads rows from a byte on and answers the byte after the last one.</summary>
    private async Task<long> ReadFileAsync(
        DatasetVersion version, DatasetEntry entry, long offset, int size, List<Dictionary<string, object?>> rows, CancellationToken cancellationToken)
    {
        if (entry.Format is not (IngestFormats.Csv or IngestFormats.JsonLines))
        {
            var row = new Dictionary<string, object?> { ["path"] = entry.Path, ["bytes"] = entry.Bytes, ["blob"] = entry.Blob };
            if (entry.Label is not null)
            {
                row["label"] = entry.Label;
            }

            rows.Add(row);
            return entry.Bytes;
        }

        await using var file = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        file.Seek(offset, SeekOrigin.Begin);
        using var buffer = new RecordBuffer(file, options.Value.MaximumRecordBytes + 1);
        var skipHeader = offset == 0 && entry.Header;
        var first = offset == 0;
        while (rows.Count < size)
        {
            if (!await buffer.FillAsync(cancellationToken))
            {
                throw new InvalidException($"A row of '{entry.Path}' is longer than Datasets:MaximumRecordBytes allows now. Raise it, or download the file.");
            }

            if (first && buffer.Pending.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            {
                buffer.Consume(3);
                offset += 3;
            }

            first = false;
            while (rows.Count < size)
            {
                var (row, length) = entry.Format == IngestFormats.Csv
                    ? ReadCsv(version.Schema, buffer.Pending.Span, buffer.Completed, skipHeader)
                    : ReadJson(version.Schema, buffer.Pending.Span, buffer.Completed);
                if (length == 0)
                {
                    break;
                }

                buffer.Consume(length);
                offset += length;
                if (row is not null && !skipHeader)
                {
                    rows.Add(row);
                }

                skipHeader &= row is null;
            }

            if (buffer.Completed)
            {
                break;
            }
        }

        return offset;
    }

    private static (Dictionary<string, object?>? Row, int Length) ReadCsv(IReadOnlyList<Column> schema, ReadOnlySpan<byte> text, bool last, bool header)
    {
        var (fields, length) = CsvRecord.Read(text, last);
        if (length == 0 || fields.Count == 0)
        {
            return (null, length);
        }

        var row = new Dictionary<string, object?>(schema.Count, StringComparer.Ordinal);
        for (var i = 0; i < schema.Count && i < fields.Count && !header; i++)
        {
            row[schema[i].Name] = Value(fields[i], schema[i].Type);
        }

        return (row, length);
    }

    private static (Dictionary<string, object?>? Row, int Length) ReadJson(IReadOnlyList<Column> schema, ReadOnlySpan<byte> text, bool last)
    {
        var length = text.IndexOf((byte)'\n') + 1;
        if (length == 0)
        {
            if (!last)
            {
                return (null, 0);
            }

            length = text.Length;
        }

        var line = text[..length];
        if (line.Trim(" \t\r\n"u8).IsEmpty)
        {
            return (null, length);
        }

        var reader = new Utf8JsonReader(line);
        var parsed = JsonElement.ParseValue(ref reader);
        var row = new Dictionary<string, object?>(schema.Count, StringComparer.Ordinal);
        foreach (var column in schema)
        {
            row[column.Name] = parsed.TryGetProperty(column.Name, out var value) ? value : null;
        }

        return (row, length);
    }

    private static object? Value(string text, ColumnType type)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var utf8 = Encoding.UTF8.GetBytes(text);
        return type switch
        {
            ColumnType.Int64 when NumberParser.TryInt64(utf8, out var integer) => integer,
            ColumnType.Float64 when NumberParser.TryDouble(utf8, out var number) => number,
            ColumnType.Bool => bool.Parse(text),
            _ => text,
        };
    }
}
