using System.Text;
using Apache.Arrow;

namespace OrleansDL.Datasets.Exports;

/// <summary>What must be known of all rows before the first is written, for formats that say it in their header.</summary>
internal sealed class RowSurvey
{
    private readonly long[] _nulls;
    private readonly int[] _characters;
    private readonly (long Least, long Most)[] _integers;

    private RowSurvey(int columns)
    {
        _nulls = new long[columns];
        _characters = new int[columns];
        _integers = new (long, long)[columns];
    }

    public long Rows { get; private set; }

    public long Nulls(int column) => _nulls[column];

    /// <summary>Of the longest text, as UTF-32 counts.</summary>
    public int Characters(int column) => _characters[column];

    /// <summary>Zero lies in it always.</summary>
    public (long Least, long Most) Integers(int column) => _integers[column];

    public static async Task<RowSurvey> OfAsync(RowQuery rows, CancellationToken cancellationToken)
    {
        var survey = new RowSurvey(rows.Columns.Count);
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            survey.Rows += batch.Length;
            for (var column = 0; column < batch.ColumnCount; column++)
            {
                survey.Look(batch.Column(column), column);
            }
        }

        return survey;
    }

    private void Look(IArrowArray array, int column)
    {
        _nulls[column] += array.NullCount;
        switch (array)
        {
            case StringArray texts:
                for (var row = 0; row < texts.Length; row++)
                {
                    var bytes = texts.GetBytes(row);
                    var count = bytes.Length <= _characters[column] ? 0 : Encoding.UTF32.GetByteCount(Encoding.UTF8.GetString(bytes)) / 4;
                    _characters[column] = Math.Max(_characters[column], count);
                }

                break;
            case Int64Array integers:
                foreach (var value in integers.Values)
                {
                    _integers[column] = (Math.Min(_integers[column].Least, value), Math.Max(_integers[column].Most, value));
                }

                break;
        }
    }
}
