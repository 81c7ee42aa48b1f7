using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Evaluation;
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
        WriteLabel(json, row.Text(targets[0]), answer);
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
}
