using OrleansDL.Expressions;

namespace OrleansDL.Datasets.Selection;

/// <summary>A condition over the columns of a row, checked against their types before any row is read.</summary>
internal sealed class RowFilter
{
    private const string Whole = "row";
    private readonly Expression _expression;
    private readonly string[] _direct;
    private readonly string[] _members;

    // Kept over all rows: what the language remembers of operands is remembered once.
    private readonly Operands _operands = new();
    private readonly Dictionary<string, Value> _variables = new(StringComparer.Ordinal);

    private RowFilter(Expression expression, string[] direct, string[] members)
    {
        (_expression, _direct, _members) = (expression, direct, members);
        Columns = [.. direct.Union(members, StringComparer.Ordinal)];
    }

    /// <summary>The columns it looks at.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <exception cref="InvalidException">The text is no condition, or does not fit the columns.</exception>
    public static RowFilter Compile(string text, IReadOnlyList<Column> columns)
    {
        var types = columns.Where(column => TypeOf(column.Type) is not null).ToDictionary(column => column.Name, column => TypeOf(column.Type)!, StringComparer.Ordinal);
        var scope = new Dictionary<string, ExpressionType>(types, StringComparer.Ordinal);
        scope.TryAdd(Whole, ExpressionType.Object(types));
        try
        {
            var expression = Expression.Parse(text);
            var type = expression.Check(scope);
            if (!type.MayBe(TypeKind.Bool))
            {
                throw new InvalidException($"filter is a condition, true or false for each row; '{text}' is a {type}.");
            }

            var members = types.ContainsKey(Whole) ? [] : expression.MembersOf(Whole).ToList();
            return new RowFilter(
                expression,
                [.. types.Keys.Where(name => expression.MembersOf(name).Any())],
                [.. members.Contains(null) ? types.Keys : members.OfType<string>().Distinct(StringComparer.Ordinal)]);
        }
        catch (ExpressionException problem)
        {
            throw new InvalidException($"filter '{text}' does not fit the dataset: {problem.Message}. Columns whose names are no words are written row[\"the name\"].");
        }
    }

    /// <param name="row">The row.</param>
    /// <param name="where">Says where the row stands, for errors.</param>
    /// <exception cref="InvalidException">The condition cannot be decided for this row.</exception>
    public bool Takes(IRowView row, Func<string> where)
    {
        foreach (var name in _direct)
        {
            _variables[name] = ValueOf(row.Get(name));
        }

        if (_members.Length > 0)
        {
            _variables[Whole] = Value.Of(_members.ToDictionary(name => name, name => ValueOf(row.Get(name)), StringComparer.Ordinal));
        }

        try
        {
            return _expression.Evaluate(_variables, DateTimeOffset.UnixEpoch, _operands) is Value.Bool { Is: var taken }
                ? taken
                : throw new InvalidException($"filter is neither true nor false for {where()}. Make it a condition.");
        }
        catch (ExpressionException problem)
        {
            throw new InvalidException($"filter cannot be decided for {where()}: {problem.Message}. Where a value may be missing write for example: x != null && x > 3.");
        }
    }

    private static ExpressionType? TypeOf(ColumnType type) => type switch
    {
        ColumnType.Bool => ExpressionType.Bool,
        ColumnType.Int64 => ExpressionType.Int,
        ColumnType.Float64 => ExpressionType.Double,
        ColumnType.String => ExpressionType.String,
        _ => null,
    };

    private static Value ValueOf(object? value) => value switch
    {
        bool truth => Value.Of(truth),
        long integer => Value.Of(integer),
        double number => Value.Of(number),
        string text => Value.Of(text),
        _ => Value.Nothing,
    };
}
