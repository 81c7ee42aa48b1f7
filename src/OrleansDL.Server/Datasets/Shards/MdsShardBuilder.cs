using System.Buffers.Binary;
using System.Text;

namespace OrleansDL.Datasets.Shards;

/// <summary>Writes MDS v2 shards sample by sample, byte for byte as StreamingDataset's MDSWriter does.</summary>
/// <remarks>
/// A shard is u32 number of samples; u32 offsets, one more than samples, from the file's beginning; the configuration as JSON; the samples.
/// A sample is a u32 size per column of varying size, then the columns' bytes. All numbers are little-endian.
/// </remarks>
internal sealed class MdsShardBuilder(IReadOnlyList<MdsColumn> columns, long sizeLimit = MdsFormat.SizeLimit)
{
    private const int Unsized = -1;
    private readonly int _variable = columns.Count(column => column.Size is null);
    private readonly List<uint> _ends = [];
    private byte[] _samples = new byte[1 << 16];
    private byte[] _config = [];
    private int _used;
    private int _end = Unsized;
    private int _taken = Unsized;
    private int _column;
    private int _sized;

    /// <summary>Samples that are complete and not taken.</summary>
    public int Samples => _taken == Unsized ? _ends.Count : 0;

    /// <summary>How each column's values of this shard are written; an image column follows the shard's first image.</summary>
    public IReadOnlyList<string> Encodings { get; private set; } = [];

    /// <summary>The next column's value of the sample at hand, in the order of the columns.</summary>
    /// <exception cref="InvalidDataException">A value of a column of fixed size has another.</exception>
    public void Add(ReadOnlySpan<byte> value)
    {
        BeginNext();
        if (_end == Unsized)
        {
            _end = _used;
            Grow(_variable * sizeof(uint));
            (_column, _sized) = (0, 0);
        }

        var column = columns[_column];
        if (column.Size is { } size)
        {
            if (value.Length != size)
            {
                throw new InvalidDataException($"A value of column '{column.Name}' has {value.Length} bytes; its type has {size}.");
            }
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_samples.AsSpan(_end + (sizeof(uint) * _sized++)), (uint)value.Length);
        }

        if (_ends.Count == 0)
        {
            Name(column, value);
        }

        var at = _used;
        Grow(value.Length);
        value.CopyTo(_samples.AsSpan(at));
        _column++;
    }

    /// <summary>Ends the sample at hand. False when the shard has no room for it: then <see cref="Take"/> the shard and call again.</summary>
    public bool TryEnd()
    {
        BeginNext();
        if (_ends.Count > 0 && Bytes(_ends.Count + 1, _used) > sizeLimit)
        {
            return false;
        }

        if (Bytes(_ends.Count + 1, _used) > uint.MaxValue)
        {
            throw new TooLargeException($"A row has {_used - _end} bytes. A row of a shard has less than 2 GiB.");
        }

        _ends.Add((uint)_used);
        _end = Unsized;
        return true;
    }

    /// <summary>The samples so far as a shard. Its bytes are good until the next call.</summary>
    public MdsShard Take()
    {
        var samples = _ends.Count;
        var head = new byte[Head(samples)];
        BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)samples);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), (uint)head.Length);
        for (var sample = 0; sample < samples; sample++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(8 + (4 * sample)), (uint)head.Length + _ends[sample]);
        }

        _config.CopyTo(head, head.Length - _config.Length);
        _taken = samples == 0 ? 0 : (int)_ends[^1];
        return new MdsShard { Samples = samples, Encodings = Encodings, Head = head, Body = _samples.AsMemory(0, _taken) };
    }

    /// <summary>After a shard was taken: a sample that found no room in it is the next one's first, in the same memory.</summary>
    private void BeginNext()
    {
        if (_taken == Unsized)
        {
            return;
        }

        var waiting = _used - _taken;
        Buffer.BlockCopy(_samples, _taken, _samples, 0, waiting);
        (_taken, _used, _end) = (Unsized, waiting, _end == Unsized ? Unsized : 0);
        (_config, Encodings) = ([], []);
        _ends.Clear();
        var (sized, at) = (0, _variable * sizeof(uint));
        foreach (var column in waiting == 0 ? [] : columns)
        {
            var length = column.Size ?? (int)BinaryPrimitives.ReadUInt32LittleEndian(_samples.AsSpan(sizeof(uint) * sized++));
            Name(column, _samples.AsSpan(at, length));
            at += length;
        }
    }

    private void Name(MdsColumn column, ReadOnlySpan<byte> first)
    {
        var encoding = column.Encoding == MdsColumns.Png && first.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) ? MdsColumns.Jpeg : column.Encoding;
        Encodings = [.. Encodings, encoding];
        if (Encodings.Count == columns.Count)
        {
            _config = Encoding.ASCII.GetBytes(MdsFormat.Config(columns, Encodings, sizeLimit));
        }
    }

    private int Head(int samples) => (sizeof(uint) * (samples + 2)) + _config.Length;

    private long Bytes(int samples, int used) => (long)Head(samples) + used;

    private void Grow(int bytes)
    {
        var wanted = (long)_used + bytes;
        if (wanted > Array.MaxLength)
        {
            throw new TooLargeException("A row of a shard has less than 2 GiB.");
        }

        if (wanted > _samples.Length)
        {
            Array.Resize(ref _samples, (int)Math.Min(Array.MaxLength, Math.Max(wanted, _samples.Length * 2L)));
        }

        _used = (int)wanted;
    }
}
