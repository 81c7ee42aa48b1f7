using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Apache.Arrow;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads rows of JSON Lines files. A nested value is the text of its JSON.</summary>
internal sealed class JsonLinesReader(BlobStore blobs, RowSeek seek, IOptions<IngestLimits> limits) : IFormatReader
{
    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = await blobs.OpenReadAsync(read.Entry.Blob, cancellationToken);
        var start = await seek.FindAsync(file, read.Entry, read.FirstRow, cancellationToken);
        file.Seek(start.Offset, SeekOrigin.Begin);
        using var buffer = new RecordBuffer(file, limits.Value.MaximumRecordBytes + 1);
        var lines = new Lines(batch.Columns, limits.Value.MaximumJsonDepth);
        var skip = read.FirstRow - start.Row;
        long done = 0;
        var begun = start.Offset > 0;
        while (done < read.Rows)
        {
            if (!await buffer.FillAsync(cancellationToken))
            {
                throw CsvReader.TooLong(read.Entry);
            }

            begun = begun || CsvReader.SkipMark(buffer);
            while (done < read.Rows && LineLength(buffer.Pending.Span, buffer.Completed) is > 0 and var length)
            {
                var line = buffer.Pending.Span[..length];
                if (!IsBlank(line) && skip-- <= 0)
                {
                    lines.Append(line);
                    batch.EndRow();
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

    /// <summary>The first line's length with its end; 0 when its end is not here yet.</summary>
    public static int LineLength(ReadOnlySpan<byte> text, bool last)
    {
        var length = text.IndexOf((byte)'\n') + 1;
        return length == 0 && last ? text.Length : length;
    }

    public static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t\r\n"u8).IsEmpty;

    /// <summary>Puts one object after the other into columns. Objects mostly have their names in the same order.</summary>
    private sealed class Lines(IReadOnlyList<ColumnBuilder> columns, int depth)
    {
        private readonly Dictionary<string, ColumnBuilder> _byName = columns.ToDictionary(column => column.Column.Name, StringComparer.Ordinal);
        private readonly List<(byte[] Name, ColumnBuilder? Column)> _order = [];
        private byte[] _scratch = new byte[4096];

        public void Append(ReadOnlySpan<byte> line)
        {
            var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = depth });
            reader.Read();
            var place = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var column = Find(ref reader, place++);
                reader.Read();
                if (column is null)
                {
                    reader.Skip();
                }
                else
                {
                    Append(ref reader, column, line);
                }
            }
        }

        private ColumnBuilder? Find(ref Utf8JsonReader reader, int place)
        {
            if (place < _order.Count && reader.ValueTextEquals(_order[place].Name))
            {
                return _order[place].Column;
            }

            var name = reader.GetString()!;
            var column = _byName.GetValueOrDefault(name);
            if (place == _order.Count)
            {
                _order.Add((Encoding.UTF8.GetBytes(name), column));
            }

            return column;
        }

        private void Append(ref Utf8JsonReader reader, ColumnBuilder column, ReadOnlySpan<byte> line)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.Null:
                    column.AppendNull();
                    break;
                case JsonTokenType.String when reader.ValueIsEscaped:
                    if (_scratch.Length < reader.ValueSpan.Length)
                    {
                        _scratch = new byte[reader.ValueSpan.Length * 2];
                    }

                    column.AppendText(_scratch.AsSpan(0, reader.CopyString(_scratch)));
                    break;
                case JsonTokenType.StartArray when column.Column.Separator is { } separator:
                    column.AppendText(JsonLabels.Join(ref reader, column.Column.Name, separator));
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    var begin = (int)reader.TokenStartIndex;
                    reader.Skip();
                    column.AppendText(line[begin..(int)reader.BytesConsumed]);
                    break;
                default:
                    column.AppendText(reader.ValueSpan);
                    break;
            }
        }
    }
}
