using OrleansDL.Data;

namespace OrleansDL.Evaluation;

/// <summary>To which slices each judged row belongs: the values of some columns, the most frequent of each.</summary>
internal sealed class SliceTable
{
    /// <summary>Values of a column that are slices.</summary>
    private const int GreatestValues = 20;

    private readonly IReadOnlyList<(string Name, int Cell)> _columns;
    private readonly List<int>[] _rows;
    private readonly Dictionary<string, int>[] _values;

    /// <param name="names">Columns to slice by.</param>
    /// <param name="all">Names of all columns of a row.</param>
    /// <exception cref="InvalidException">A name is no column.</exception>
    public SliceTable(IReadOnlyList<string> names, IReadOnlyList<string> all)
    {
        _columns = [.. names.Select(name => (name, all.Index().Where(column => column.Item == name).Select(column => column.Index).FirstOrDefault(-1)))];
        if (_columns.FirstOrDefault(column => column.Cell < 0).Name is { } missing)
        {
            throw new InvalidException($"evaluation.slices names '{missing}', which is no column of the dataset. Columns: {string.Join(", ", all.Take(50))}.");
        }

        _rows = [.. names.Select(_ => new List<int>())];
        _values = [.. names.Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];
    }

    /// <summary>Cells it reads.</summary>
    public IEnumerable<int> Cells => _columns.Select(column => column.Cell);

    /// <summary>Takes the next row, in the order they are judged.</summary>
    public void Add(Row row)
    {
        for (var column = 0; column < _columns.Count; column++)
        {
            var value = row.Text(_columns[column].Cell) ?? "";
            if (!_values[column].TryGetValue(value, out var number))
            {
                _values[column][value] = number = _values[column].Count;
            }

            _rows[column].Add(number);
        }
    }

    /// <summary>The slices, a name and the rows of each.</summary>
    public IEnumerable<(string Name, Func<long, bool> Has)> Slices()
    {
        for (var column = 0; column < _columns.Count; column++)
        {
            var (rows, counts) = (_rows[column], _rows[column].CountBy(number => number).ToDictionary());
            foreach (var (value, number) in _values[column].OrderByDescending(value => counts[value.Value]).ThenBy(value => value.Key, StringComparer.Ordinal).Take(GreatestValues))
            {
                yield return ($"{_columns[column].Name}={value}", row => rows[(int)row] == number);
            }
        }
    }
}
