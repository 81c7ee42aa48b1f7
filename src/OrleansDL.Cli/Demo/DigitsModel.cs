using System.Globalization;
using System.Text.Json;

namespace OrleansDL.Demo;

/// <summary>The deployed model as the Open Inference Protocol shows it: tensors in, probabilities out.</summary>
internal sealed class DigitsModel(OdlClient client, string deployment)
{
    private const double Scale = 16;
    private const string Probabilities = "probabilities";
    private static readonly int[] Shape = [1, 1, 8, 8];

    private string[] _labels = [];
    private string _input = "";

    /// <summary>Reads the name of the input, and which label each output stands for.</summary>
    public async Task DescribeAsync(string model, long version, CancellationToken cancellationToken)
    {
        var metadata = await client.Inference.GetModelAsync(deployment, cancellationToken);
        _input = metadata.GetProperty("inputs")[0].GetProperty("name").GetString()!;
        await using var file = await client.Models.DownloadAsync(model, version.ToString(CultureInfo.InvariantCulture), "pipeline.json", cancellationToken);
        using var pipeline = await JsonDocument.ParseAsync(file, default, cancellationToken);
        _labels = [.. pipeline.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.ToString())];
    }

    /// <summary>Sends one digit; answers the label and the version that gave it.</summary>
    public async Task<(string Label, long Version)> AskAsync(Digit digit, CancellationToken cancellationToken)
    {
        var answer = await client.Inference.InferAsync(
            deployment,
            new
            {
                inputs = new[] { new { name = _input, datatype = "FP32", shape = Shape, data = digit.Pixels.Select(p => p / Scale) } },
                outputs = new[] { new { name = Probabilities } },
            },
            cancellationToken);
        var scores = answer.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(score => score.GetDouble()).ToArray();
        return (_labels[Array.IndexOf(scores, scores.Max())], long.Parse(answer.GetProperty("model_version").GetString()!, CultureInfo.InvariantCulture));
    }
}
