using System.Text;
using System.Text.Json;
using OrleansDL.Serving;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Tests.Serving;

public sealed class PredictionWriterTests
{
    [Fact]
    public void A_prediction_is_written_as_the_serializer_writes_it()
    {
        var prediction = new Prediction
        {
            InferenceId = InferenceId.Create(5, 1_700_000_000_000, 42),
            Deployment = "digits",
            Model = "digits-cnn",
            ModelVersion = 3,
            Predictions = [[new LabelScore("7", 0.75), new LabelScore("a \"quoted\" ü", 0.1)], [], [new LabelScore("1", 1e-7), new LabelScore("0", double.NaN)]],
        };
        IsWrittenAlike(prediction);
        IsWrittenAlike(prediction with { Predictions = [], Values = [new Dictionary<string, double> { ["price"] = 1.5 }] });
        IsWrittenAlike(prediction with { Predictions = [], Steps = [[new LabelScore("1", 0.5)]], Vectors = [[1.5f, -2]] });
    }

    private static void IsWrittenAlike(Prediction prediction)
    {
        using var body = new PooledBytes();

        PredictionWriter.Write(body, prediction);

        Assert.Equal(JsonSerializer.Serialize(prediction, OdlJson.Options), Encoding.UTF8.GetString(body.Written.Span));

        var numbers = prediction with { Predictions = [], Values = [new Dictionary<string, double> { ["price"] = 1.5 }], Vectors = [[1, 2]] };
        using var other = new PooledBytes();
        PredictionWriter.Write(other, numbers);
        Assert.Equal(JsonSerializer.Serialize(numbers, OdlJson.Options), Encoding.UTF8.GetString(other.Written.Span));
    }
}
