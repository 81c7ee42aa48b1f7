namespace OrleansDL.Datasets.Formats;

/// <summary>A list of tables in a FlatBuffers message.</summary>
internal readonly ref struct FlatTables(ReadOnlySpan<byte> bytes, int start, int count)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Count => count;

    public FlatTable this[int index] => FlatTable.At(_bytes, start + (index * 4));
}
