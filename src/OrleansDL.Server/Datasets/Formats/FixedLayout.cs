using System.Runtime.CompilerServices;
using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>A file of records of a fixed size: any row is found by its number.</summary>
internal sealed record FixedLayout
{
    // What is read at once: rows of a batch, or fewer when they are large.
    private const int BlockBytes = 4 << 20;

    /// <summary>Where the first record begins.</summary>
    public required long Start { get; init; }
    public required long Rows { get; init; }
    public required int RecordBytes { get; init; }
    public required IReadOnlyList<FixedColumn> Columns { get; init; }

    /// <exception cref="InvalidDataException">The file has other bytes than its header says.</exception>
    public FixedLayout Checked(long fileBytes)
    {
        var expected = (UInt128)Start + ((UInt128)Rows * (UInt128)RecordBytes);
        return expected == (UInt128)fileBytes
            ? this
            : throw new InvalidDataException($"Its header says {Rows} rows of {RecordBytes} bytes, {expected} bytes in all, and it has {fileBytes}: it is cut short or damaged.");
    }

    /// <summary>Reads rows block by block; a block has a row at least.</summary>
    public async IAsyncEnumerable<(byte[] Records, int Rows)> BlocksAsync(
        Stream file, long firstRow, long rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var perBlock = (int)Math.Clamp(BlockBytes / Math.Max(1, RecordBytes), 1, BatchBuilder.MaximumRows);
        file.Seek(Start + (firstRow * RecordBytes), SeekOrigin.Begin);
        var block = new byte[Math.Min(perBlock, rows) * RecordBytes];
        while (rows > 0)
        {
            var count = (int)Math.Min(perBlock, rows);
            await file.ReadExactlyAsync(block.AsMemory(0, count * RecordBytes), cancellationToken);
            yield return (block, count);
            rows -= count;
        }
    }

    /// <summary>The values of a block's column, or null when the file has no such column.</summary>
    public ColumnValues? Values(string column, byte[] records) =>
        Columns.FirstOrDefault(known => known.Column.Name == column) is { } found ? new FixedValues(found.Format, records, RecordBytes, found.Offset) : null;

    public async IAsyncEnumerable<RecordBatch> ReadAsync(
        Stream file, long firstRow, long rows, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (records, count) in BlocksAsync(file, firstRow, rows, cancellationToken))
        {
            var values = batch.Columns.Select(column => Values(column.Column.Name, records)).ToArray();
            foreach (var full in ColumnValues.Pour(values, 0, count, batch))
            {
                yield return full;
            }
        }
    }
}
