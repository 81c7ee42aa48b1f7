namespace OrleansDL.Datasets.Formats;

/// <summary>Walks Thrift's compact protocol, in which Parquet writes its footer and page headers, and believes no length in it.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int MaximumDepth = 32;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;
    private short _field;

    public readonly int Position => _position;

    /// <summary>The next field of the struct: its id and type; false at the struct's end.</summary>
    public bool NextField(out short id, out int type)
    {
        var head = Byte();
        type = head & 0x0F;
        if (type == 0)
        {
            id = 0;
            return false;
        }

        _field = (head >> 4) == 0 ? (short)ZigZag() : (short)(_field + (head >> 4));
        id = _field;
        return true;
    }

    public long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Goes into a struct; hand its answer to <see cref="Leave"/> after its last field.</summary>
    public short Enter()
    {
        var outer = _field;
        _field = 0;
        return outer;
    }

    public void Leave(short outer) => _field = outer;

    /// <summary>Passes over a value, checking that all of it is here.</summary>
    public void Skip(int type, int depth = 0)
    {
        if (depth > MaximumDepth)
        {
            throw new InvalidDataException("Its metadata is nested too deeply.");
        }

        switch (type)
        {
            case 1 or 2:
                break;
            case 3:
                Byte();
                break;
            case 4 or 5 or 6:
                Varint();
                break;
            case 7:
                Take(8);
                break;
            case 8:
                Take(Varint());
                break;
            case 9 or 10:
                SkipList(depth);
                break;
            case 12:
                var outer = Enter();
                while (NextField(out _, out var inner))
                {
                    Skip(inner, depth + 1);
                }

                Leave(outer);
                break;
            default:
                throw new InvalidDataException("Its metadata holds a value of an unknown type.");
        }
    }

    /// <summary>Goes into a list: how many items follow, and of which type.</summary>
    public int List(out int type)
    {
        var head = Byte();
        var count = (head >> 4) == 15 ? Varint() : (ulong)(head >> 4);
        type = head & 0x0F;

        // Every item takes a byte at least.
        return count <= (ulong)(_bytes.Length - _position) ? (int)count : throw new InvalidDataException("Its metadata counts more items than it can hold.");
    }

    private void SkipList(int depth)
    {
        var count = List(out var type);
        for (var i = 0; i < count; i++)
        {
            if (type is 1 or 2)
            {
                Byte();
            }
            else
            {
                Skip(type, depth + 1);
            }
        }
    }

    private byte Byte() => _position < _bytes.Length ? _bytes[_position++] : throw new InvalidDataException("Its metadata is cut short.");

    private void Take(ulong count)
    {
        if (count > (ulong)(_bytes.Length - _position))
        {
            throw new InvalidDataException("Its metadata is cut short.");
        }

        _position += (int)count;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("Its metadata holds a number of more than 64 bits.");
    }
}
