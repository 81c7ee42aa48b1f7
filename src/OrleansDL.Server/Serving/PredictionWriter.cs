using System.Text.Json;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving;

/// <summary>Writes a prediction as the serializer would, only faster: this is the answer most callers wait for.</summary>
internal static class PredictionWriter
{
    public static void Write(PooledBytes body, Prediction prediction)
    {
        if (prediction is not { Values: null, Steps: null, Vectors: null })
        {
            body.Write(JsonSerializer.SerializeToUtf8Bytes(prediction, OdlJson.Options));
            return;
        }

        body.Write("{\"inferenceId\":\""u8);
        body.WriteNumber(prediction.InferenceId);
        body.Write("\",\"deployment\":"u8);
        body.WriteString(prediction.Deployment);
        body.Write(",\"model\":"u8);
        body.WriteString(prediction.Model);
        body.Write(",\"modelVersion\":"u8);
        body.WriteNumber(prediction.ModelVersion);
        body.Write(",\"predictions\":["u8);
        for (var row = 0; row < prediction.Predictions.Count; row++)
        {
            body.Write(row == 0 ? "["u8 : ",["u8);
            var labels = prediction.Predictions[row];
            for (var i = 0; i < labels.Count; i++)
            {
                body.Write(i == 0 ? "{\"label\":"u8 : ",{\"label\":"u8);
                body.WriteString(labels[i].Label);
                body.Write(",\"score\":"u8);
                WriteScore(body, labels[i].Score);
                body.Write("}"u8);
            }

            body.Write("]"u8);
        }

        body.Write("]"u8);
        WriteOther(body, ",\"values\":"u8, prediction.Values);
        WriteOther(body, ",\"steps\":"u8, prediction.Steps);
        WriteOther(body, ",\"vectors\":"u8, prediction.Vectors);
        body.Write("}"u8);
    }

    private static void WriteOther<T>(PooledBytes body, ReadOnlySpan<byte> name, T? value)
        where T : class
    {
        if (value is not null)
        {
            body.Write(name);
            body.Write(JsonSerializer.SerializeToUtf8Bytes(value, OdlJson.Options));
        }
    }

    // A score that is no number is written as the platform's JSON names it: in quotes.
    private static void WriteScore(PooledBytes body, double score)
    {
        if (double.IsFinite(score))
        {
            body.WriteNumber(score);
        }
        else
        {
            body.WriteString(score.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
