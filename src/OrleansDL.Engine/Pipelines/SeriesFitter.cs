using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Datasets;

namespace OrleansDL.Pipelines;

internal sealed class SeriesFitter : PipelineFitter
{
    private readonly InputPlan _plan;
    private readonly TensorShape? _tensor;
    private readonly bool _isList;
    private int _steps;
    private double[] _means = [];
    private double[] _squares = [];
    private long[] _counts = [];

    public SeriesFitter(InputPlan plan)
    {
        _plan = plan;
        var column = plan.Schema[plan.Columns[0]];
        if (column.Type is ColumnType.Tensor)
        {
            _tensor = TensorShape.Parse(column.Tensor);
            if (plan.Columns.Length > 1 || _tensor.Sizes.Count > 2 || (plan.Spec.Steps ?? _tensor.Sizes[0]) != _tensor.Sizes[0])
            {
                throw new InvalidException($"Column '{column.Name}' is {_tensor}: input.kind 'series' takes one tensor of [steps] or [steps,values]. Name it alone as input.columns, and leave input.steps out.");
            }

            Begin(_tensor.Sizes[0], _tensor.Count / _tensor.Sizes[0]);
        }
        else if (column.Type is ColumnType.String && plan.Columns.Length == 1)
        {
            _isList = true;
        }
        else
        {
            var steps = plan.Spec.Steps ?? plan.Columns.Length;
            if (plan.Columns.Length % steps != 0)
            {
                throw new InvalidException($"{plan.Columns.Length} input columns are not {steps} steps of equally many. Set input.steps to a divisor of {plan.Columns.Length}, or name other columns as input.columns.");
            }

            Begin(steps, plan.Columns.Length / steps);
        }
    }

    public override void Add(Row row)
    {
        var cell = _plan.Columns[0];
        if (_tensor is not null)
        {
            for (var index = 0; index < (row.IsMissing(cell) ? 0 : _tensor.Count); index++)
            {
                Add(TensorPixels.Number(_tensor.Element, row.Bytes(cell), index), index);
            }
        }
        else if (!_isList)
        {
            for (var index = 0; index < _plan.Columns.Length; index++)
            {
                if (row.TryNumber(_plan.Columns[index], out var number))
                {
                    Add(number, index);
                }
            }
        }
        else if (!row.IsMissing(cell))
        {
            var reader = new Utf8JsonReader(row.Bytes(cell));
            var (numbers, steps) = SeriesCell.Read(ref reader, row, _plan.Schema[cell].Name);
            if (_steps == 0 && steps > 0)
            {
                Begin(_plan.Spec.Steps ?? steps, numbers.Count / steps);
            }

            foreach (var (index, number) in numbers.Take(_steps * _means.Length).Index())
            {
                Add(number, index);
            }
        }
    }

    public override Pipeline Fit(IReadOnlyList<string> labels) => _steps == 0
        ? throw new InvalidException($"Column '{_plan.Schema[_plan.Columns[0]].Name}' holds no series in any training row. Name another column as input.columns.")
        : new SeriesPipeline
        {
            LabelColumn = _plan.LabelName,
            Labels = labels,
            Steps = _steps,
            Values = _means.Length,
            Columns = _tensor is null && !_isList ? [.. _plan.Columns.Select(column => _plan.Schema[column].Name)] : null,
            Column = _tensor is not null || _isList ? _plan.Schema[_plan.Columns[0]].Name : null,
            Tensor = _tensor?.ToString(),
            Means = _means,
            Deviations = [.. _squares.Select((square, index) => square > 0 ? Math.Sqrt(square / _counts[index]) : 1)],
        };

    private void Begin(int steps, int values) =>
        (_steps, _means, _squares, _counts) = (steps, new double[values], new double[values], new long[values]);

    private void Add(double number, int index)
    {
        // Welford's method: one pass, and no loss where the mean is large.
        var value = index % _means.Length;
        var delta = number - _means[value];
        _means[value] += delta / ++_counts[value];
        _squares[value] += delta * (number - _means[value]);
    }
}
