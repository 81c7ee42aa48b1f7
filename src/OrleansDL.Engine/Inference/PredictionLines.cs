using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Evaluation;
using OrleansDL.Heads;
using OrleansDL.Pipelines;

namespace OrleansDL.Inference;

/// <summary>Writes <c>predictions.jsonl</c>: for each row what was answered and what was right.</summary>
internal sealed class PredictionLines(Pipeline pipeline, Stream output)
{
    /// <param name="number">Number of the row, from 1.</param>
    /// <param name="row">The row itself.</param>
    /// <param name="targets">Its cells that hold the target.</param>
    /// <param name="answer">What the network put out.</param>
    public void Write(long number, Row row, int[] targets, ReadOnlySpan<float> answer)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = OdlJson.Options.Encoder });
        json.WriteStartObject();
        json.WriteNumber("row", number);
        switch (pipeline.Head)
        {
            case HeadNames.Label:
                WriteLabel(json, row.Text(targets[0]), answer);
                break;
            case HeadNames.Labels:
                WriteLabels(json, row.Text(targets[0]), answer);
                break;
            case HeadNames.Regression:
                WriteValues(json, row, targets, answer);
                break;
            case HeadNames.Sequence:
                WriteSteps(json, row.Text(targets[0]), answer);
                break;
            case HeadNames.Embedding:
                json.WriteString("label", row.Text(targets[0]));
                break;
        }

        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private void WriteLabel(Utf8JsonWriter json, string? actual, ReadOnlySpan<float> logits)
    {
        var best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits);
        json.WriteString("label", actual);
        json.WriteString("predicted", pipeline.Labels[best]);
        json.WriteNumber("score", (float)Math.Exp(-Softmax.CrossEntropy(logits, best)));
    }

    private void WriteLabels(Utf8JsonWriter json, string? actual, ReadOnlySpan<float> logits)
    {
        json.WriteString("labels", actual);
        json.WriteStartObject("predicted");
        for (var label = 0; label < logits.Length; label++)
        {
            var probability = 1 / (1 + Math.Exp(-logits[label]));
            if (probability >= pipeline.Target!.Threshold)
            {
                json.WriteNumber(pipeline.Labels[label], (float)probability);
            }
        }

        json.WriteEndObject();
    }

    private void WriteValues(Utf8JsonWriter json, Row row, int[] targets, ReadOnlySpan<float> values)
    {
        json.WriteStartObject("actual");
        foreach (var (index, column) in pipeline.Target!.Columns!.Index())
        {
            json.WriteNumber(column.Name, row.TryNumber(targets[index], out var number) ? number : 0);
        }

        json.WriteEndObject();
        json.WriteStartObject("predicted");
        for (var index = 0; index < values.Length; index++)
        {
            json.WriteNumber(pipeline.Target!.Columns![index].Name, pipeline.Target!.Columns![index].Restore(values[index]));
        }

        json.WriteEndObject();
    }

    private void WriteSteps(Utf8JsonWriter json, string? actual, ReadOnlySpan<float> logits)
    {
        json.WriteString("labels", actual);
        json.WriteStartArray("predicted");
        for (var at = 0; at < logits.Length; at += pipeline.Labels.Count)
        {
            json.WriteStringValue(pipeline.Labels[System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits.Slice(at, pipeline.Labels.Count))]);
        }

        json.WriteEndArray();
    }
}
