using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Data;
using OrleansDL.Numbers;

namespace OrleansDL.Pipelines;

/// <summary>Named columns: numbers standardised, texts one-hot or as indices, truth values 0 or 1. A missing value becomes 0 everywhere, which is the mean of a number.</summary>
internal sealed record TablePipeline : Pipeline
{
    private string[]? _inputs;
    private long[]? _shape;
    private int[]? _identity;
    private Dictionary<string, int>?[]? _positions;
    private int[]? _places;
    private (double Mean, double Deviation)[]? _scales;

    public required IReadOnlyList<TableColumn> Columns { get; init; }

    [JsonIgnore]
    public override IReadOnlyList<string> Inputs => _inputs ??= [.. Columns.Select(column => column.Name)];

    [JsonIgnore]
    public override IReadOnlyList<long> RowShape => _shape ??= [Columns.Sum(column => (long)column.Width)];

    public override void EncodeJson(ref Utf8JsonReader reader, Row row, Span<byte> target)
    {
        if (TryEncodeNumbers(ref reader, MemoryMarshal.Cast<byte, float>(target)))
        {
            return;
        }

        ReadCells(ref reader, row);
        Encode(row, _identity ??= [.. Enumerable.Range(0, Columns.Count)], target);
    }

    public override void Encode(Row row, ReadOnlySpan<int> columns, Span<byte> target)
    {
        var values = MemoryMarshal.Cast<byte, float>(target);
        values.Clear();
        var places = _places ??= Places();
        for (var index = 0; index < columns.Length; index++)
        {
            var column = Columns[index];
            if (!row.IsMissing(columns[index]))
            {
                EncodeCell(row, columns[index], index, column, values.Slice(places[index], column.Width));
            }
        }
    }

    /// <summary>Encodes what most rows are, an array of as many numbers as there are columns, all of numbers, without cells between; false leaves the reader where it was, for all others and for what is wrong.</summary>
    private bool TryEncodeNumbers(ref Utf8JsonReader reader, Span<float> target)
    {
        var scales = _scales ??= Columns.All(column => column.Type is TableColumnKind.Numeric) ? [.. Columns.Select(column => (column.Mean!.Value, column.Deviation!.Value))] : [];
        if (scales.Length == 0 || reader.TokenType is not JsonTokenType.StartArray)
        {
            return false;
        }

        var ahead = reader;
        for (var column = 0; column < scales.Length; column++)
        {
            var end = 0;
            if (!ahead.Read() || ahead.TokenType is not JsonTokenType.Number || !DoubleText.TryRead(ahead.ValueSpan, ref end, out var number) || end != ahead.ValueSpan.Length
                || !TryScale(number, scales[column].Mean, scales[column].Deviation, out target[column]))
            {
                return false;
            }
        }

        if (!ahead.Read() || ahead.TokenType is not JsonTokenType.EndArray)
        {
            return false;
        }

        reader = ahead;
        return true;
    }

    private static bool TryScale(double number, double mean, double deviation, out float value)
    {
        value = Math.Abs(number) <= float.MaxValue ? (float)((number - mean) / deviation) : float.NaN;
        return float.IsFinite(value);
    }

    /// <summary>Where each column stands in the encoded row: in their order, but the indices last.</summary>
    internal int[] Places()
    {
        var (places, at) = (new int[Columns.Count], 0);
        foreach (var last in new[] { false, true })
        {
            for (var index = 0; index < places.Length; index++)
            {
                if (Columns[index].Type is TableColumnKind.Index == last)
                {
                    places[index] = at;
                    at += Columns[index].Width;
                }
            }
        }

        return places;
    }

    private void EncodeCell(Row row, int cell, int index, TableColumn column, Span<float> target)
    {
        switch (column.Type)
        {
            case TableColumnKind.Numeric:
                target[0] = row.TryNumber(cell, out var number) && TryScale(number, column.Mean!.Value, column.Deviation!.Value, out var value)
                    ? value
                    : throw Unexpected(row, cell, column.Name, "a number within the range of 32-bit floating point");
                break;
            case TableColumnKind.Bool:
                target[0] = row.TryBool(cell, out var truth) ? (truth ? 1 : 0) : throw Unexpected(row, cell, column.Name, "true or false");
                break;
            default:
                // A text that training never saw is none of the known ones.
                if (Positions(index).TryGetValue(row.Text(cell)!, out var position))
                {
                    target[column.Type is TableColumnKind.Index ? 0 : position] = column.Type is TableColumnKind.Index ? position + 1 : 1;
                }

                break;
        }
    }

    private Dictionary<string, int> Positions(int index)
    {
        var positions = _positions ??= new Dictionary<string, int>?[Columns.Count];
        return positions[index] ??= Columns[index].Values!.Index().ToDictionary(value => value.Item, value => value.Index, StringComparer.Ordinal);
    }
}
