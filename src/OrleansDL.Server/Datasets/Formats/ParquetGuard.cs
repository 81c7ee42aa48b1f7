using System.Buffers.Binary;
using Parquet.Meta;

namespace OrleansDL.Datasets.Formats;

/// <summary>Checks what a Parquet file says of its sizes before anything is allocated by them: lies, bombs and row groups that memory cannot hold.</summary>
internal sealed class ParquetGuard(Stream file, long maximumBytes)
{
    private const int MaximumFooter = 64 << 20;
    private const int MaximumPageHeader = 1 << 20;
    private const long MaximumRows = 1 << 26;
    private const int MaximumDepth = 64;

    // The value, its two levels, and the text it becomes.
    private const int MaximumItemBytes = 48;

    /// <summary>Checks the footer's frame and structure.</summary>
    public async Task CheckFooterAsync(CancellationToken cancellationToken)
    {
        if (file.Length < 12)
        {
            throw new InvalidDataException("It is shorter than an empty Parquet file.");
        }

        var end = await ReadAsync(file.Length - 8, 8, cancellationToken);
        if (!end.AsSpan(4).SequenceEqual("PAR1"u8))
        {
            throw new InvalidDataException("It does not end with PAR1: it is cut short, encrypted, or no Parquet file.");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(end);
        if (length <= 0 || length > file.Length - 12 || length > MaximumFooter)
        {
            throw new InvalidDataException($"Its footer is said to have {length} bytes, which cannot be.");
        }

        CheckFooter(await ReadAsync(file.Length - 8 - length, length, cancellationToken));
    }

    /// <summary>Checks the pages of some columns of a row group.</summary>
    /// <param name="group">The row group.</param>
    /// <param name="number">Its number, for messages.</param>
    /// <param name="columns">Columns that are to be read, and whether a row has a list of values.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task CheckRowGroupAsync(RowGroup group, int number, IReadOnlyDictionary<string, bool> columns, CancellationToken cancellationToken)
    {
        if (group.NumRows is < 0 or > MaximumRows)
        {
            throw new InvalidException($"Row group {number} has {group.NumRows} rows; at most {MaximumRows} are read. Write smaller row groups (row_group_size=100000).");
        }

        long total = 0;
        foreach (var chunk in group.Columns)
        {
            var data = chunk.MetaData ?? throw new InvalidDataException($"Row group {number} has a column without metadata.");
            if (chunk.FilePath is not null || chunk.CryptoMetadata is not null)
            {
                throw new InvalidException($"Row group {number} keeps a column in another file, or encrypted. Write one plain file.");
            }

            if (columns.TryGetValue(string.Join('.', data.PathInSchema), out var list))
            {
                // A list has a value an item, and one when it has none.
                var values = list ? data.NumValues : group.NumRows;
                if (values < group.NumRows || values > maximumBytes)
                {
                    throw new InvalidDataException($"Row group {number}, column '{string.Join('.', data.PathInSchema)}': it is said to hold {values} values in {group.NumRows} lists.");
                }

                total += await CheckChunkAsync(data, values, number, cancellationToken);
                total += list ? values * MaximumItemBytes : 0;
            }
        }

        // A value that is null or repeated in the dictionary takes no byte in a page, but its place in an array.
        total += group.NumRows * 9 * columns.Count;
        if (total > maximumBytes)
        {
            throw new InvalidException(
                $"Row group {number} takes {total} bytes of memory; at most {maximumBytes} are allowed. Write smaller row groups (row_group_size=100000), or raise Datasets:MaximumRowGroupBytes.");
        }
    }

    private async Task<long> CheckChunkAsync(ColumnMetaData chunk, long wanted, int number, CancellationToken cancellationToken)
    {
        var name = string.Join('.', chunk.PathInSchema);
        var dictionary = chunk.DictionaryPageOffset is > 0 and var at && at < chunk.DataPageOffset ? at : chunk.DataPageOffset;
        var (position, end) = (dictionary, dictionary + chunk.TotalCompressedSize);
        if (dictionary < 4 || chunk.TotalCompressedSize < 0 || end > file.Length - 8)
        {
            throw new InvalidDataException($"Row group {number}, column '{name}': its pages are said to lie outside of the file.");
        }

        long values = 0;
        long bytes = 0;
        while (position < end && values < wanted)
        {
            var length = (int)Math.Min(MaximumPageHeader, end - position);
            var (header, size) = ReadPage((await ReadAsync(position, Math.Min(length, 4096), cancellationToken)).AsSpan(), length <= 4096)
                ?? ReadPage((await ReadAsync(position, length, cancellationToken)).AsSpan(), true)!.Value;
            position += header + (long)size.Compressed;
            bytes += size.Bytes;
            if (size.Compressed < 0 || size.Bytes < 0 || size.Values < 0 || position > end)
            {
                throw new InvalidDataException($"Row group {number}, column '{name}': a page is said to have {size.Compressed} bytes, which cannot be.");
            }

            if (bytes > maximumBytes)
            {
                throw new InvalidException(
                    $"Row group {number}, column '{name}' unpacks to more than {maximumBytes} bytes. Write smaller row groups (row_group_size=100000), or raise Datasets:MaximumRowGroupBytes.");
            }

            if (size.Dictionary && size.Values > size.Bytes)
            {
                throw new InvalidDataException($"Row group {number}, column '{name}': its dictionary says it has {size.Values} values in {size.Bytes} bytes.");
            }

            values += size.Dictionary ? 0 : size.Values;
        }

        return values == wanted ? bytes : throw new InvalidDataException($"Row group {number}, column '{name}': its pages hold {values} values, and the row group is said to hold {wanted}.");
    }

    private static (int Header, Page Page)? ReadPage(ReadOnlySpan<byte> bytes, bool all)
    {
        try
        {
            var reader = new ThriftReader(bytes);
            var page = default(Page);
            while (reader.NextField(out var id, out var type))
            {
                switch (id)
                {
                    case 2:
                        page.Bytes = (int)reader.ZigZag();
                        break;
                    case 3:
                        page.Compressed = (int)reader.ZigZag();
                        break;
                    case 5 or 7 or 8 when type == 12:
                        page.Dictionary = id == 7;
                        var outer = reader.Enter();
                        while (reader.NextField(out var inner, out var innerType))
                        {
                            if (inner == 1)
                            {
                                page.Values = (int)reader.ZigZag();
                            }
                            else
                            {
                                reader.Skip(innerType);
                            }
                        }

                        reader.Leave(outer);
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }

            return (reader.Position, page);
        }
        catch (InvalidDataException) when (!all)
        {
            return null;
        }
    }

    // The whole of it is walked once. The schema is a list of elements, each saying how many of those that follow are its children:
    // whoever makes a tree of that goes as deep as it says.
    private static void CheckFooter(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftReader(bytes);
        while (reader.NextField(out var id, out var type))
        {
            if (id == 2 && type == 9)
            {
                CheckSchema(ref reader);
            }
            else
            {
                reader.Skip(type);
            }
        }
    }

    private static void CheckSchema(ref ThriftReader reader)
    {
        var left = new Stack<long>();
        var count = reader.List(out var type);
        for (var i = 0; i < count; i++)
        {
            var children = type == 12 ? Children(ref reader) : throw new InvalidDataException("Its schema is no list of columns.");
            while (left.TryPop(out var siblings))
            {
                if (siblings > 0)
                {
                    left.Push(siblings - 1);
                    break;
                }
            }

            left.Push(children);
            if (left.Count > MaximumDepth)
            {
                throw new InvalidDataException($"Its schema is nested deeper than {MaximumDepth} levels.");
            }
        }
    }

    private static long Children(ref ThriftReader reader)
    {
        long children = 0;
        var outer = reader.Enter();
        while (reader.NextField(out var id, out var type))
        {
            if (id == 5 && type == 5)
            {
                children = reader.ZigZag();
            }
            else
            {
                reader.Skip(type);
            }
        }

        reader.Leave(outer);
        return children;
    }

    private async Task<byte[]> ReadAsync(long position, int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        file.Seek(position, SeekOrigin.Begin);
        await file.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    private struct Page
    {
        public int Bytes;
        public int Compressed;
        public int Values;
        public bool Dictionary;
    }
}
