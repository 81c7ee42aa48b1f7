using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Apache.Arrow;
using OrleansDL.Datasets.Exports;
using OrleansDL.Serving;

namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>Answers as JSON lines: the row's number, what is kept of it, what was predicted, by which model version, and the id that leads back to it.</summary>
internal sealed class AnswerLines(IReadOnlyList<Column> kept, int top)
{
    private const string Prefix = "predicted";
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);
    private readonly SortedSet<string> _models = new(StringComparer.Ordinal);

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    /// <summary>The model versions that answered, as <c>name@version</c>.</summary>
    public IReadOnlyCollection<string> Models => _models;

    /// <exception cref="InvalidException">A column to keep is called as the answers' own are.</exception>
    public static void Check(IReadOnlyList<string> keep)
    {
        if (keep.FirstOrDefault(name => name is "row" or "model" or "inference_id" || name.StartsWith(Prefix, StringComparison.Ordinal)) is { } taken)
        {
            throw new InvalidException($"The column '{taken}' cannot be kept: the answers have columns row, {Prefix}..., model and inference_id of their own.");
        }
    }

    /// <summary>What is kept of a row, until its answer is there.</summary>
    public object?[] Keep(RecordBatch batch, int row, IReadOnlyList<int> columns)
    {
        var values = new object?[kept.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Formats.RowValues.Get(batch.Column(columns[i]), row);
        }

        return values;
    }

    public void Add(long firstRow, IReadOnlyList<object?[]> rows, Prediction answer)
    {
        var model = $"{answer.Model}@{answer.ModelVersion}";
        _models.Add(model);
        var inference = answer.InferenceId.ToString();
        using var json = new Utf8JsonWriter(_bytes, Relaxed);
        for (var row = 0; row < rows.Count; row++)
        {
            json.WriteStartObject();
            json.WriteNumber("row"u8, firstRow + row);
            for (var i = 0; i < kept.Count; i++)
            {
                json.WritePropertyName(kept[i].Name);
                Write(json, rows[row][i]);
            }

            WriteLabels(json, answer.LabelsOf(row));
            foreach (var (name, value) in answer.Values is { } values ? values[row] : new Dictionary<string, double>())
            {
                json.WritePropertyName($"{Prefix}_{name}");
                Cells.Write(json, value);
            }

            if (answer.Steps is { } steps)
            {
                json.WriteString("predicted_steps"u8, JsonSerializer.Serialize(steps[row], OdlJson.Options));
            }

            if (answer.Vectors is { } vectors)
            {
                json.WriteString("predicted_vector"u8, JsonSerializer.Serialize(vectors[row], OdlJson.Options));
            }

            json.WriteString("model"u8, model);
            json.WriteString("inference_id"u8, inference);
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            _bytes.Write("\n"u8);
        }
    }

    private void WriteLabels(Utf8JsonWriter json, IReadOnlyList<LabelScore> labels)
    {
        if (labels.Count == 0)
        {
            return;
        }

        for (var i = 0; i < Math.Min(top, labels.Count); i++)
        {
            var name = i == 0 ? Prefix : $"{Prefix}_{i + 1}";
            json.WriteString(name, labels[i].Label);
            json.WritePropertyName(name + "_score");
            Cells.Write(json, labels[i].Score);
        }
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case long integer:
                json.WriteNumberValue(integer);
                break;
            case double number:
                Cells.Write(json, number);
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            default:
                json.WriteStringValue((string)value);
                break;
        }
    }
}
