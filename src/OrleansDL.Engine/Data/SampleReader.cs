namespace OrleansDL.Data;

/// <summary>Reads encoded rows one by one. Each thread has its own.</summary>
internal sealed class SampleReader(SampleRows rows, RowCursor cursor)
{
    /// <summary>Encodes row <paramref name="index"/> of its side and answers the number of its label.</summary>
    public long Read(long index, Span<byte> target) => rows.Encode(cursor, index, target);

    /// <summary>Says that a row is read soon.</summary>
    public void Expect(long index) => rows.Expect(cursor, index);
}
