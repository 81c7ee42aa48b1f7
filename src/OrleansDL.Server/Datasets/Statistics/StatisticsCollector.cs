using Apache.Arrow;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Takes the statistics of rows that come as Arrow record batches. A column that a batch does not have counts as null there.</summary>
/// <param name="columns">What is collected; a batch's other columns are passed over.</param>
/// <param name="limits">What images may be.</param>
internal sealed class StatisticsCollector(IReadOnlyList<Column> columns, IngestLimits limits)
{
    private readonly ColumnAccumulator[] _accumulators = Create(columns, new SketchBudget());
    private readonly ImageSummary?[] _images = [.. columns.Select(column => column.Type == ColumnType.Image ? new ImageSummary() : null)];
    private readonly TensorSummary?[] _tensors = [.. columns.Select(column => column.Tensor is null ? null : new TensorSummary(TensorType.Parse(column.Tensor)))];

    /// <summary>Rows seen so far.</summary>
    public long Rows { get; private set; }

    /// <exception cref="InvalidException">A column of the batch does not hold what the schema says, or a value is no image or too large.</exception>
    public void Add(RecordBatch batch)
    {
        for (var i = 0; i < _accumulators.Length; i++)
        {
            var field = batch.Schema.GetFieldIndex(columns[i].Name);
            if (field < 0)
            {
                _accumulators[i].AddNulls(batch.Length);
            }
            else
            {
                Add(_accumulators[i], columns[i], batch.Column(field));
                if (batch.Column(field) is BinaryArray cells)
                {
                    Look(i, cells);
                }
            }
        }

        Rows += batch.Length;
    }

    public IReadOnlyList<ColumnStatistics> Finish() => _accumulators.Select((accumulator, i) =>
    {
        var statistics = accumulator.ToStatistics();
        return _images[i]?.Describe(statistics) ?? _tensors[i]?.Describe(statistics) ?? statistics;
    }).ToArray();

    private void Look(int column, BinaryArray cells)
    {
        if (_images[column] is { } images)
        {
            foreach (var facts in ImageCells.Look(cells, row => $"row {Rows + row} of column '{columns[column].Name}'", limits))
            {
                images.Add(facts);
            }
        }
        else if (_tensors[column] is { } tensors)
        {
            for (var row = 0; row < cells.Length; row++)
            {
                if (!cells.IsNull(row))
                {
                    tensors.Add(cells.GetBytes(row));
                }
            }
        }
    }

    private static ColumnAccumulator[] Create(IReadOnlyList<Column> columns, SketchBudget budget) =>
        [.. columns.Select(column => new ColumnAccumulator(column.Name, column.Type, budget, column.Separator))];

    private static void Add(ColumnAccumulator into, Column column, IArrowArray array)
    {
        switch (array)
        {
            case Int64Array integers when column.Type is ColumnType.Int64 or ColumnType.Float64:
                var values = integers.Values;
                for (var i = 0; i < values.Length; i++)
                {
                    if (integers.IsNull(i))
                    {
                        into.AddNull();
                    }
                    else
                    {
                        into.AddInteger(values[i]);
                    }
                }

                break;
            case DoubleArray floats when column.Type == ColumnType.Float64:
                var numbers = floats.Values;
                for (var i = 0; i < numbers.Length; i++)
                {
                    if (floats.IsNull(i))
                    {
                        into.AddNull();
                    }
                    else
                    {
                        into.AddFloat(numbers[i]);
                    }
                }

                break;
            case BooleanArray bools when column.Type == ColumnType.Bool:
                for (var i = 0; i < bools.Length; i++)
                {
                    if (bools.GetValue(i) is { } value)
                    {
                        into.AddBool(value);
                    }
                    else
                    {
                        into.AddNull();
                    }
                }

                break;
            case StringArray texts when column.Type == ColumnType.String:
                for (var i = 0; i < texts.Length; i++)
                {
                    if (texts.IsNull(i))
                    {
                        into.AddNull();
                    }
                    else
                    {
                        into.AddString(texts.GetBytes(i));
                    }
                }

                break;
            case BinaryArray binary when column.Type is ColumnType.Image or ColumnType.Tensor:
                for (var i = 0; i < binary.Length; i++)
                {
                    if (binary.IsNull(i))
                    {
                        into.AddNull();
                    }
                    else
                    {
                        into.AddOpaque();
                    }
                }

                break;
            default:
                throw new InvalidException(
                    $"Column '{column.Name}' comes as Arrow's {array.Data.DataType.Name} where the schema has {column.Type.ToString().ToLowerInvariant()}. Correct the file, or create another dataset.");
        }
    }
}
