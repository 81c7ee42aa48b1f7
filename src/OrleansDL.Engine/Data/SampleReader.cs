namespace OrleansDL.Data;

/// <summary>Reads encoded rows one by one. Each thread has its own.</summary>
internal sealed class SampleReader(SampleRows rows, RowCursor cursor)
{
    /// <summary>Encodes row <paramref name="index"/> of its side and reads its target.</summary>
    public void Read(long index, Span<byte> input, Span<byte> target) => rows.Encode(cursor, index, input, target);

    /// <summary>Says that a row is read soon.</summary>
    public void Expect(long index) => rows.Expect(cursor, index);
}
