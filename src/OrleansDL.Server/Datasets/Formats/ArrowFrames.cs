using System.Buffers.Binary;

namespace OrleansDL.Datasets.Formats;

/// <summary>The messages of an Arrow IPC file or stream, found without reading their bodies and checked against the bytes that are there.</summary>
internal sealed class ArrowFrames
{
    private const int MaximumMetadata = 64 << 20;
    private const int MaximumDepth = 64;
    private const int MaximumFields = 1 << 20;

    private readonly List<ArrowFrame> _frames = [];

    public long Rows { get; private set; }

    /// <summary>Schema and dictionaries: what must be read before any batch.</summary>
    public IEnumerable<ArrowFrame> Head => _frames.Where(frame => frame.Kind != 3);

    public IEnumerable<ArrowFrame> Batches => _frames.Where(frame => frame.Kind == 3);

    /// <param name="file">Can seek.</param>
    /// <param name="maximumBytes">Of one message's body, unpacked, and of all dictionaries.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<ArrowFrames> ReadAsync(Stream file, long maximumBytes, CancellationToken cancellationToken)
    {
        var frames = new ArrowFrames();
        var head = new byte[8];
        file.Seek(0, SeekOrigin.Begin);
        await ReadExactAsync(file, head, cancellationToken);

        // A file is a stream behind eight bytes of magic, with a footer of offsets that we find ourselves.
        var position = head.AsSpan().StartsWith("ARROW1\0\0"u8) ? 8L : 0;
        long dictionaries = 0;
        while (position < file.Length)
        {
            file.Seek(position, SeekOrigin.Begin);
            await ReadExactAsync(file, head.AsMemory(0, 4), cancellationToken);
            var prefix = 4;
            if (BinaryPrimitives.ReadUInt32LittleEndian(head) == uint.MaxValue)
            {
                await ReadExactAsync(file, head.AsMemory(0, 4), cancellationToken);
                prefix = 8;
            }

            var length = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (length == 0)
            {
                break;
            }

            if (length < 0 || length > MaximumMetadata || position + prefix + length > file.Length)
            {
                throw new InvalidDataException($"The message at byte {position} is said to have {length} bytes of metadata, which cannot be: the file is cut short, or no Arrow file.");
            }

            var metadata = new byte[length];
            await ReadExactAsync(file, metadata, cancellationToken);
            var (frame, body, packed) = Parse(metadata, position, prefix + length);
            if (frame.Offset + frame.Length > file.Length)
            {
                throw new InvalidDataException($"The message at byte {position} is said to have a body of {body} bytes, and the file ends before: it is cut short.");
            }

            body += await UnpackedAsync(file, frame.Offset + prefix + length, packed, cancellationToken);
            if (body > maximumBytes)
            {
                throw new InvalidException(
                    $"The batch at byte {position} has {body} bytes; at most {maximumBytes} are allowed. Write smaller batches, or raise Datasets:MaximumRowGroupBytes.");
            }

            dictionaries += frame.Kind == 2 ? body : 0;
            if (dictionaries > maximumBytes)
            {
                throw new InvalidException($"Its dictionaries have more than {maximumBytes} bytes. Write the columns without dictionaries, or raise Datasets:MaximumRowGroupBytes.");
            }

            frames._frames.Add(frame);
            frames.Rows += frame.Rows;
            position += frame.Length;
        }

        return frames._frames is [{ Kind: 1 }, ..] ? frames : throw new InvalidDataException("It does not begin with a schema: it is no Arrow file or stream.");
    }

    /// <summary>What packed buffers are said to become: each begins with its unpacked length, or -1 where it was left as it is.</summary>
    private static async Task<long> UnpackedAsync(Stream file, long body, IReadOnlyList<long> packed, CancellationToken cancellationToken)
    {
        long bytes = 0;
        var length = new byte[8];
        foreach (var offset in packed)
        {
            file.Seek(body + offset, SeekOrigin.Begin);
            await ReadExactAsync(file, length, cancellationToken);
            var unpacked = BinaryPrimitives.ReadInt64LittleEndian(length);
            bytes = unpacked is >= -1 and <= int.MaxValue
                ? bytes + Math.Max(0, unpacked)
                : throw new InvalidDataException($"A packed buffer is said to have {unpacked} bytes, which cannot be.");
        }

        return bytes;
    }

    private static (ArrowFrame Frame, long Body, IReadOnlyList<long> Packed) Parse(ReadOnlySpan<byte> metadata, long position, int head)
    {
        var message = FlatTable.Root(metadata);
        var kind = message.Byte(1);
        var body = message.Long(3);
        if (body < 0 || kind is 0 or > 3)
        {
            throw new InvalidDataException($"The message at byte {position} is no schema, dictionary or batch.");
        }

        long rows = 0;
        var packed = new List<long>();
        if (kind == 1)
        {
            var fields = 0;
            CheckFields(message.Table(2).Tables(1), ref fields, 1, position);
        }
        else
        {
            var batch = kind == 3 ? message.Table(2) : message.Table(2).Table(1);
            rows = batch.Long(0);
            Check(batch, rows, body, position);
            if (batch.Has(3))
            {
                var buffers = batch.Structs(2, 16);
                for (var i = 0; i < buffers.Length; i += 16)
                {
                    if (BinaryPrimitives.ReadInt64LittleEndian(buffers[(i + 8)..]) >= 8)
                    {
                        packed.Add(BinaryPrimitives.ReadInt64LittleEndian(buffers[i..]));
                    }
                }
            }
        }

        return (new ArrowFrame(kind, position, head + body, kind == 3 ? rows : 0), body, packed);
    }

    // Whoever reads the schema goes down into it: what is nested too deep would end the process.
    private static void CheckFields(FlatTables fields, ref int seen, int depth, long position)
    {
        if (depth > MaximumDepth || (seen += fields.Count) > MaximumFields)
        {
            throw new InvalidException($"The schema at byte {position} is nested deeper than {MaximumDepth} levels, or has more than {MaximumFields} fields. Flatten it.");
        }

        for (var i = 0; i < fields.Count; i++)
        {
            CheckFields(fields[i].Tables(5), ref seen, depth + 1, position);
        }
    }

    private static void Check(FlatTable batch, long rows, long body, long position)
    {
        var nodes = batch.Structs(1, 16);
        for (var i = 0; i < nodes.Length; i += 16)
        {
            var (length, nulls) = (BinaryPrimitives.ReadInt64LittleEndian(nodes[i..]), BinaryPrimitives.ReadInt64LittleEndian(nodes[(i + 8)..]));
            if (length < 0 || length > int.MaxValue || nulls < 0 || nulls > length)
            {
                throw new InvalidDataException($"The batch at byte {position} says that a column has {length} values, {nulls} of them null.");
            }
        }

        var buffers = batch.Structs(2, 16);
        for (var i = 0; i < buffers.Length; i += 16)
        {
            var (offset, length) = (BinaryPrimitives.ReadInt64LittleEndian(buffers[i..]), BinaryPrimitives.ReadInt64LittleEndian(buffers[(i + 8)..]));
            if (offset < 0 || length < 0 || offset > body - length)
            {
                throw new InvalidDataException($"The batch at byte {position} has a buffer that lies outside of its body.");
            }
        }

        // A column of nulls takes no byte: rows are bounded by themselves.
        if (rows is < 0 or > 1 << 26)
        {
            throw new InvalidException($"The batch at byte {position} has {rows} rows; at most {1 << 26} are read. Write smaller batches.");
        }
    }

    private static async Task ReadExactAsync(Stream file, Memory<byte> into, CancellationToken cancellationToken)
    {
        if (await file.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, cancellationToken) < into.Length)
        {
            throw new InvalidDataException("The file is cut short within a message.");
        }
    }
}
