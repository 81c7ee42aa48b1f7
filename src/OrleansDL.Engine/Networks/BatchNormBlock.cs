using OrleansDL.Collectives;
using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Normalises each channel over the batch while training, and by the running mean and variance when serving or when its parameters are frozen.</summary>
/// <param name="series">Whether channels stand last, as in a series, and not second.</param>
internal sealed class BatchNormBlock(ParameterPlan plan, long channels, bool series = false) : Block
{
    private const double Epsilon = 1e-5;
    private const double Momentum = 0.1;

    private readonly Parameter _weight = plan.Precise("weight", 1, channels);
    private readonly Parameter _bias = plan.Precise("bias", 0, channels);
    private readonly Parameter _mean = plan.Buffer("runningMean", 0, channels);
    private readonly Parameter _variance = plan.Buffer("runningVariance", 1, channels);

    public override bool GoesOn => series;

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var value = series ? input.transpose(1, 2) : input;
        value = pass is { IsTraining: true, Exchange: { } exchange } && !_mean.IsFrozen
            ? Together(_weight.Fit(value), pass.Counts, exchange)
            : nn.functional.batch_norm(
                value, _mean.Tensor, _variance.Tensor, _weight.Tensor, _bias.Tensor, pass.IsTraining && !_mean.IsFrozen, Momentum, Epsilon);
        return series ? value.transpose(1, 2) : value;
    }

    private Tensor Together(Tensor value, bool counts, IGradientExchange exchange)
    {
        Moments moments;
        using (no_grad())
        {
            moments = Moments.Of(value, counts, Epsilon, exchange);
            _mean.Tensor.mul_(Held(1 - Momentum)).add_(moments.Mean, Held(Momentum));
            _variance.Tensor.mul_(Held(1 - Momentum)).add_(moments.Variance, Held(Momentum * moments.Count / Math.Max(1, moments.Count - 1)));
        }

        return SharedBatchNorm.Apply(value, _weight.Tensor, _bias.Tensor, moments, counts, Epsilon, exchange);
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        var value = graph.Node(
            "BatchNormalization",
            [series ? Turn(graph, input) : input, .. new[] { _weight, _bias, _mean, _variance }.Select(graph.Weights)],
            null,
            OnnxAttribute.Of("epsilon", (float)Epsilon));
        return series ? Turn(graph, value) : value;
    }

    private static string Turn(OnnxGraph graph, string input) => graph.Node("Transpose", [input], null, OnnxAttribute.Of("perm", [0, 2, 1]));
}
