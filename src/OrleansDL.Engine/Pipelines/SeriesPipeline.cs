using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Data;
using OrleansDL.Datasets;

namespace OrleansDL.Pipelines;

/// <summary>A window of [steps, values], each value in deviations from its mean over the training rows: from columns that stand step by step, or one column of tensors or lists. What is missing is the mean.</summary>
internal sealed record SeriesPipeline : Pipeline
{
    private string[]? _inputs;
    private long[]? _shape;
    private int[]? _identity;
    private TensorShape? _tensor;

    public required int Steps { get; init; }

    /// <summary>Numbers of one step.</summary>
    public required int Values { get; init; }

    /// <summary>Columns of numbers, step by step; null when one column holds the whole.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>The column of tensors or of JSON arrays.</summary>
    public string? Column { get; init; }

    /// <summary>Type of its tensors, for example <c>float32[50,3]</c>; null for JSON arrays.</summary>
    public string? Tensor { get; init; }

    /// <summary>Mean and deviation of each value over all steps of the training rows.</summary>
    public required IReadOnlyList<double> Means { get; init; }
    public required IReadOnlyList<double> Deviations { get; init; }

    [JsonIgnore]
    public override IReadOnlyList<string> Inputs => Columns ?? (_inputs ??= [Column!]);

    [JsonIgnore]
    public override IReadOnlyList<long> RowShape => _shape ??= [Steps, Values];

    public override void Encode(Row row, ReadOnlySpan<int> columns, Span<byte> target)
    {
        var values = MemoryMarshal.Cast<byte, float>(target);
        values.Clear();
        if (Columns is not null)
        {
            for (var index = 0; index < columns.Length; index++)
            {
                if (!row.IsMissing(columns[index]))
                {
                    values[index] = row.TryNumber(columns[index], out var number) ? Scaled(number, index, row) : throw Unexpected(row, columns[index], Columns[index], "a number");
                }
            }
        }
        else if (row.Kind(columns[0]) is CellKind.Tensor)
        {
            var shape = _tensor ??= TensorShape.Parse(Tensor);
            var bytes = row.Bytes(columns[0]);
            if (bytes.Length != shape.Bytes)
            {
                throw Unexpected(row, columns[0], Column!, $"a tensor of {shape}");
            }

            for (var index = 0; index < values.Length; index++)
            {
                values[index] = Scaled(TensorPixels.Number(shape.Element, bytes, index), index, row);
            }
        }
        else if (!row.IsMissing(columns[0]))
        {
            var reader = new Utf8JsonReader(row.Bytes(columns[0]));
            Fill(SeriesCell.Read(ref reader, row, Column!), values, row);
        }
    }

    public override void EncodeJson(ref Utf8JsonReader reader, Row row, Span<byte> target)
    {
        if (Columns is not null && !(reader.TokenType is JsonTokenType.StartArray && IsNested(reader)))
        {
            ReadCells(ref reader, row);
            Encode(row, _identity ??= [.. Enumerable.Range(0, Columns.Count)], target);
            return;
        }

        var values = MemoryMarshal.Cast<byte, float>(target);
        values.Clear();
        if (reader.TokenType is JsonTokenType.StartObject)
        {
            FillNamed(ref reader, row, values);
        }
        else
        {
            Fill(SeriesCell.Read(ref reader, row, Inputs[0]), values, row);
        }
    }

    public override int StepsOf(Row row, ReadOnlySpan<int> columns)
    {
        if (Columns is not null || row.Kind(columns[0]) is CellKind.Tensor || row.IsMissing(columns[0]))
        {
            return Steps;
        }

        var reader = new Utf8JsonReader(row.Bytes(columns[0]));
        return SeriesCell.Read(ref reader, row, Column!).Steps;
    }

    private static bool IsNested(Utf8JsonReader reader) => reader.Read() && reader.TokenType is JsonTokenType.StartArray;

    private void FillNamed(ref Utf8JsonReader reader, Row row, Span<float> values)
    {
        var found = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(Column!);
            reader.Read();
            if (isIt)
            {
                Fill(SeriesCell.Read(ref reader, row, Column!), values, row);
                found = true;
            }
            else
            {
                reader.Skip();
            }
        }

        if (!found)
        {
            throw new InvalidException($"{row.Where()} lacks column '{Column}'. Give {{\"{Column}\": [[...], ...]}}, an array of up to {Steps} steps of {Values} values.");
        }
    }

    private void Fill((List<double> Numbers, int Steps) given, Span<float> values, Row row)
    {
        if (given.Steps > 0 && given.Numbers.Count / given.Steps != Values)
        {
            throw new InvalidException($"{row.Where()}: {Values} values a step were expected, not {given.Numbers.Count / given.Steps}.");
        }

        for (var index = 0; index < Math.Min(values.Length, given.Numbers.Count); index++)
        {
            values[index] = Scaled(given.Numbers[index], index, row);
        }
    }

    private float Scaled(double number, int index, Row row)
    {
        var value = (float)((number - Means[index % Values]) / Deviations[index % Values]);
        return float.IsFinite(value) ? value : throw new InvalidException($"{row.Where()}: value {index % Values} of step {index / Values} is {number}, which is not within the range of 32-bit floating point.");
    }
}
