using OrleansDL.Data;
using OrleansDL.Datasets;

namespace OrleansDL.Pipelines;

internal sealed class TableFitter : PipelineFitter
{
    private const int GreatestVocabulary = 1000;

    private readonly InputPlan _plan;
    private readonly long[] _counts;
    private readonly double[] _means;
    private readonly double[] _squares;
    private readonly SortedSet<string>?[] _values;

    public TableFitter(InputPlan plan)
    {
        _plan = plan;
        _counts = new long[plan.Columns.Length];
        _means = new double[plan.Columns.Length];
        _squares = new double[plan.Columns.Length];
        _values = [.. plan.Columns.Select(column => KindOf(column) is TableColumnKind.Categorical or TableColumnKind.Index ? new SortedSet<string>(StringComparer.Ordinal) : null)];
    }

    public override void Add(Row row)
    {
        for (var index = 0; index < _plan.Columns.Length; index++)
        {
            var cell = _plan.Columns[index];
            if (_values[index] is { } values)
            {
                AddText(row.Text(cell), values, _plan.Schema[cell].Name);
            }
            else if (KindOf(cell) is TableColumnKind.Numeric && row.TryNumber(cell, out var number))
            {
                // Welford's method: one pass, and no loss where the mean is large.
                var delta = number - _means[index];
                _means[index] += delta / ++_counts[index];
                _squares[index] += delta * (number - _means[index]);
            }
        }
    }

    public override Pipeline Fit(IReadOnlyList<string> labels) => new TablePipeline
    {
        LabelColumn = _plan.LabelName,
        Labels = labels,
        Columns = [.. _plan.Columns.Select((cell, index) => new TableColumn
        {
            Name = _plan.Schema[cell].Name,
            Type = KindOf(cell),
            Mean = KindOf(cell) is TableColumnKind.Numeric ? _means[index] : null,
            Deviation = KindOf(cell) is TableColumnKind.Numeric ? Deviation(index) : null,
            Values = _values[index] is { } values ? [.. values] : null,
        })],
    };

    /// <summary>A column of one value tells nothing: dividing by 1 keeps it at 0.</summary>
    private double Deviation(int index) => _squares[index] > 0 ? Math.Sqrt(_squares[index] / _counts[index]) : 1;

    private static void AddText(string? text, SortedSet<string> values, string column)
    {
        if (text is not null && values.Add(text) && values.Count > GreatestVocabulary)
        {
            throw new InvalidException(
                $"Column '{column}' has more than {GreatestVocabulary} different texts. Leave it out by naming the others as input.columns, or train on it alone with input.kind 'text'.");
        }
    }

    private TableColumnKind KindOf(int column) => _plan.Schema[column].Type switch
    {
        ColumnType.Bool => TableColumnKind.Bool,
        ColumnType.Int64 or ColumnType.Float64 => TableColumnKind.Numeric,
        _ => _plan.Embeds ? TableColumnKind.Index : TableColumnKind.Categorical,
    };
}
