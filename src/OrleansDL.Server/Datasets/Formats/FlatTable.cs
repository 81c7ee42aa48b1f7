using System.Buffers.Binary;

namespace OrleansDL.Datasets.Formats;

/// <summary>A table in a FlatBuffers message, read without believing any offset in it. Arrow frames its messages so.</summary>
internal readonly ref struct FlatTable
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _table;
    private readonly int _vtable;

    private FlatTable(ReadOnlySpan<byte> bytes, int table)
    {
        _bytes = bytes;
        _table = table;
        _vtable = checked(table - BinaryPrimitives.ReadInt32LittleEndian(Slice(table, 4)));
        Slice(_vtable, 4);
    }

    /// <summary>The message's root table.</summary>
    public static FlatTable Root(ReadOnlySpan<byte> bytes) =>
        new(bytes, (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes.Length >= 4 ? bytes : throw Broken()));

    public byte Byte(int slot) => Place(slot) is > 0 and var at ? Slice(at, 1)[0] : (byte)0;

    public long Long(int slot) => Place(slot) is > 0 and var at ? BinaryPrimitives.ReadInt64LittleEndian(Slice(at, 8)) : 0;

    public bool Has(int slot) => Place(slot) > 0;

    public FlatTable Table(int slot) => Place(slot) is > 0 and var at
        ? new FlatTable(_bytes, checked(at + (int)BinaryPrimitives.ReadUInt32LittleEndian(Slice(at, 4))))
        : throw Broken();

    /// <summary>A list of tables; empty where there is none.</summary>
    public FlatTables Tables(int slot)
    {
        if (Place(slot) is not (> 0 and var at))
        {
            return default;
        }

        var list = checked(at + (int)BinaryPrimitives.ReadUInt32LittleEndian(Slice(at, 4)));
        var count = BinaryPrimitives.ReadUInt32LittleEndian(Slice(list, 4));
        Slice(list + 4, checked((int)(count * 4L)));
        return new FlatTables(_bytes, list + 4, (int)count);
    }

    /// <summary>The table that the offset at a place leads to.</summary>
    public static FlatTable At(ReadOnlySpan<byte> bytes, int place) => new(bytes, checked(place + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[place..])));

    /// <summary>The bytes of a list of structs of a size.</summary>
    public ReadOnlySpan<byte> Structs(int slot, int size)
    {
        if (Place(slot) is not (> 0 and var at))
        {
            return [];
        }

        var list = checked(at + (int)BinaryPrimitives.ReadUInt32LittleEndian(Slice(at, 4)));
        var count = BinaryPrimitives.ReadUInt32LittleEndian(Slice(list, 4));
        return Slice(list + 4, checked((int)(count * (long)size)));
    }

    private int Place(int slot)
    {
        var at = 4 + (slot * 2);
        if (at + 2 > BinaryPrimitives.ReadUInt16LittleEndian(Slice(_vtable, 2)))
        {
            return 0;
        }

        var offset = BinaryPrimitives.ReadUInt16LittleEndian(Slice(_vtable + at, 2));
        return offset == 0 ? 0 : _table + offset;
    }

    private ReadOnlySpan<byte> Slice(int start, int length) =>
        start >= 0 && length >= 0 && (long)start + length <= _bytes.Length ? _bytes.Slice(start, length) : throw Broken();

    private static InvalidDataException Broken() => new("A message's metadata is damaged.");
}
