namespace OrleansDL.Data;

/// <summary>Reads single rows by their numbers, into one row that is used again.</summary>
internal sealed class RowCursor
{
    private readonly RowSource _source;
    private readonly bool[] _wanted;
    private readonly Row _row;
    private long _number;

    public RowCursor(RowSource source, bool[] wanted)
    {
        (_source, _wanted) = (source, wanted);
        _row = source.NewRow(() => _number);
    }

    public Row Read(long number)
    {
        _number = number;
        _source.ReadRow(number, _wanted, _row);
        return _row;
    }

    /// <summary>Says that a row is read soon.</summary>
    public void Expect(long number) => _source.Expect(number);
}
