using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Selection;

/// <summary>Writes some rows of a file as a file of their own. Each row keeps the bytes it had, where a row has bytes of its own.</summary>
internal sealed class FileCutter(BlobStore blobs, TableCutter tables, IOptions<IngestLimits> limits)
{
    private const int FlushBytes = 256 * 1024;

    // Two empty blocks.
    private const int TarEnd = 1024;

    /// <exception cref="InvalidException">The format has no rows that could be taken out one by one.</exception>
    public Task<DatasetEntry> CutAsync(DatasetEntry entry, RowMask mask, CancellationToken cancellationToken) => entry.Format switch
    {
        IngestFormats.Csv or IngestFormats.Tsv => CutRecordsAsync(entry, mask, new CsvRecords(entry).Next, cancellationToken),
        IngestFormats.JsonLines => CutRecordsAsync(entry, mask, NextLine, cancellationToken),
        IngestFormats.Idx => CutIdxAsync(entry, mask, cancellationToken),
        IngestFormats.Npy => CutNpyAsync(entry, mask, cancellationToken),
        IngestFormats.WebDataset => CutTarAsync(entry, mask, cancellationToken),
        IngestFormats.Parquet or IngestFormats.Arrow => tables.CutAsync(entry, mask, cancellationToken),
        _ => throw new InvalidException($"'{entry.Path}' has format '{entry.Format}', of which this version of OrleansDL takes no single rows. Upgrade it."),
    };

    private async Task<DatasetEntry> CutRecordsAsync(DatasetEntry entry, RowMask mask, RecordReader next, CancellationToken cancellationToken)
    {
        await using var source = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        await using var target = blobs.Create();
        using var buffer = new RecordBuffer(source, limits.Value.MaximumRecordBytes + 1);
        var output = new ArrayBufferWriter<byte>(FlushBytes * 2);
        var begun = false;
        long row = 0;
        do
        {
            if (!await buffer.FillAsync(cancellationToken))
            {
                throw CsvReader.TooLong(entry);
            }

            begun = begun || CsvReader.SkipMark(buffer);
            while (begun && next(buffer.Pending.Span, buffer.Completed) is { Length: > 0 } record)
            {
                if (record.IsHeader || (record.IsRow && mask[row]))
                {
                    output.Write(buffer.Pending.Span[..record.Length]);
                }

                row += record.IsRow ? 1 : 0;
                buffer.Consume(record.Length);
                if (output.WrittenCount >= FlushBytes)
                {
                    await target.WriteAsync(output.WrittenMemory, cancellationToken);
                    output.ResetWrittenCount();
                }
            }
        }
        while (!buffer.Completed);

        await target.WriteAsync(output.WrittenMemory, cancellationToken);
        var blob = await target.CompleteAsync(cancellationToken);
        return entry with { Blob = blob.Blob, Bytes = blob.Bytes, Rows = mask.Count };
    }

    // The header says how many records there are; the records themselves are of one size.
    private async Task<DatasetEntry> CutIdxAsync(DatasetEntry entry, RowMask mask, CancellationToken cancellationToken)
    {
        await using var source = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        var layout = await IdxHeader.ReadAsync(source, cancellationToken);
        var head = new byte[layout.Start];
        source.Seek(0, SeekOrigin.Begin);
        await source.ReadExactlyAsync(head, cancellationToken);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), checked((uint)mask.Count));
        await using var target = blobs.Create();
        await target.WriteAsync(head, cancellationToken);
        await CopyRecordsAsync(layout, source, target, mask, cancellationToken);
        var blob = await target.CompleteAsync(cancellationToken);
        return entry with { Blob = blob.Blob, Bytes = blob.Bytes, Rows = entry.Rows > 0 ? mask.Count : 0 };
    }

    private async Task<DatasetEntry> CutNpyAsync(DatasetEntry entry, RowMask mask, CancellationToken cancellationToken)
    {
        await using var source = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        var layout = await NpyHeader.ReadAsync(source, int.MaxValue, cancellationToken);
        var head = new byte[layout.Start];
        source.Seek(0, SeekOrigin.Begin);
        await source.ReadExactlyAsync(head, cancellationToken);
        await using var target = blobs.Create();
        await target.WriteAsync(NpyHeader.WithRows(head, mask.Count), cancellationToken);
        await CopyRecordsAsync(layout, source, target, mask, cancellationToken);
        var blob = await target.CompleteAsync(cancellationToken);
        return entry with { Blob = blob.Blob, Bytes = blob.Bytes, Rows = mask.Count };
    }

    private static async Task CopyRecordsAsync(FixedLayout layout, Stream source, Stream target, RowMask mask, CancellationToken cancellationToken)
    {
        long row = 0;
        await foreach (var (records, count) in layout.BlocksAsync(source, 0, layout.Rows, cancellationToken))
        {
            for (var i = 0; i < count; i++)
            {
                if (mask[row++])
                {
                    await target.WriteAsync(records.AsMemory(i * layout.RecordBytes, layout.RecordBytes), cancellationToken);
                }
            }
        }
    }

    // A sample's files stand together in the tar, with their headers: they are copied as they stand.
    private async Task<DatasetEntry> CutTarAsync(DatasetEntry entry, RowMask mask, CancellationToken cancellationToken)
    {
        await using var source = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        var starts = new List<long>();
        await foreach (var sample in TarSamples.ReadAsync(source, 0, long.MaxValue, cancellationToken))
        {
            starts.Add(sample.Offset);
        }

        starts.Add(source.Length);
        await using var target = blobs.Create();
        for (var row = 0; row < starts.Count - 1; row++)
        {
            if (mask[row])
            {
                await CopyAsync(source, target, starts[row], starts[row + 1], cancellationToken);
            }
        }

        if (!mask[starts.Count - 2])
        {
            // The end of an archive came with its last sample otherwise.
            await target.WriteAsync(new byte[TarEnd], cancellationToken);
        }

        var blob = await target.CompleteAsync(cancellationToken);
        return entry with { Blob = blob.Blob, Bytes = blob.Bytes, Rows = mask.Count };
    }

    private static async Task CopyAsync(Stream source, Stream target, long start, long end, CancellationToken cancellationToken)
    {
        source.Seek(start, SeekOrigin.Begin);
        var buffer = ArrayPool<byte>.Shared.Rent(FlushBytes);
        try
        {
            for (var left = end - start; left > 0;)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(left, FlushBytes));
                await source.ReadExactlyAsync(part, cancellationToken);
                await target.WriteAsync(part, cancellationToken);
                left -= part.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Record NextLine(ReadOnlySpan<byte> text, bool last)
    {
        var length = JsonLinesReader.LineLength(text, last);
        return new Record(length, IsHeader: false, IsRow: length > 0 && !JsonLinesReader.IsBlank(text[..length]));
    }

    private delegate Record RecordReader(ReadOnlySpan<byte> text, bool last);

    private readonly record struct Record(int Length, bool IsHeader, bool IsRow);

    private sealed class CsvRecords(DatasetEntry entry)
    {
        private readonly CsvFields _fields = new(CsvReader.Delimiter(entry.Format));
        private bool _header = entry.Header;

        public Record Next(ReadOnlySpan<byte> text, bool last)
        {
            var length = _fields.Read(text, last);
            var isHeader = _header && length > 0 && _fields.Count > 0;
            _header &= !isHeader;
            return new Record(length, isHeader, length > 0 && _fields.Count > 0 && !isHeader);
        }
    }
}
