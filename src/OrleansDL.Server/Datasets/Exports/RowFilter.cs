using Apache.Arrow;
using OrleansDL.Expressions;

namespace OrleansDL.Datasets.Exports;

/// <summary>A condition on rows, in our subset of CEL, over the columns that hold values: <c>label == "cat" &amp;&amp; age &gt; 3</c>. A row for which it cannot be told, as where a value is null, does not match.</summary>
internal sealed class RowFilter
{
    private readonly Expression _expression;

    private RowFilter(Expression expression, IReadOnlyList<Column> columns)
    {
        _expression = expression;
        Columns = columns;
    }

    /// <summary>The columns it reads.</summary>
    public IReadOnlyList<Column> Columns { get; }

    /// <param name="text">The condition.</param>
    /// <param name="known">Columns that can stand in it.</param>
    /// <exception cref="InvalidException">It is no condition on these columns.</exception>
    public static RowFilter Parse(string text, IReadOnlyList<Column> known)
    {
        var scope = known.Where(column => TypeOf(column) is not null).ToDictionary(column => column.Name, column => TypeOf(column)!, StringComparer.Ordinal);
        try
        {
            var expression = Expression.Parse(text);
            return expression.Check(scope) is { Kind: TypeKind.Bool or TypeKind.Dyn }
                ? new RowFilter(expression, [.. known.Where(column => scope.ContainsKey(column.Name) && expression.MembersOf(column.Name).Any())])
                : throw new InvalidException($"filter is a condition, and '{text}' comes to another value. Compare something, as in label == \"cat\".");
        }
        catch (ExpressionException fault)
        {
            throw new InvalidException($"filter: {fault.Message}. Columns are {string.Join(", ", scope.Keys.Take(50))}.");
        }
    }

    /// <summary>Whether a row of a batch that has the columns matches.</summary>
    /// <exception cref="InvalidException">The condition costs more than one row may.</exception>
    public bool Matches(RecordBatch batch, int row, DateTimeOffset now)
    {
        var values = new Dictionary<string, Value>(Columns.Count, StringComparer.Ordinal);
        foreach (var column in Columns)
        {
            values[column.Name] = ValueOf(batch.Column(column.Name), row);
        }

        try
        {
            return _expression.Evaluate(values, now, new Operands()) is Value.Bool { Is: true };
        }
        catch (ExpressionException fault) when (fault.IsLimit)
        {
            throw new InvalidException($"filter: {fault.Message}.");
        }
        catch (ExpressionException)
        {
            return false;
        }
    }

    private static ExpressionType? TypeOf(Column column) => column.Type switch
    {
        ColumnType.Bool => ExpressionType.Bool,
        ColumnType.Int64 => ExpressionType.Int,
        ColumnType.Float64 => ExpressionType.Double,
        ColumnType.String => ExpressionType.String,
        _ => null,
    };

    private static Value ValueOf(IArrowArray array, int row) => array.IsNull(row) ? Value.Nothing : array switch
    {
        Int64Array integers => Value.Of(integers.Values[row]),
        DoubleArray numbers => Value.Of(numbers.Values[row]),
        BooleanArray truths => Value.Of(truths.GetValue(row)!.Value),
        StringArray texts => Value.Of(texts.GetString(row)),
        _ => Value.Nothing,
    };
}
