using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Normalises each channel over the batch while training, and by the running mean and variance when serving.</summary>
internal sealed class BatchNormBlock(ParameterPlan plan, long channels) : Block
{
    private const double Epsilon = 1e-5;
    private const double Momentum = 0.1;

    private readonly Parameter _weight = plan.Constant("weight", 1, channels);
    private readonly Parameter _bias = plan.Constant("bias", 0, channels);
    private readonly Parameter _mean = plan.Buffer("runningMean", 0, channels);
    private readonly Parameter _variance = plan.Buffer("runningVariance", 1, channels);

    public override Tensor Forward(Tensor input, Pass pass) => nn.functional.batch_norm(
        input, _mean.Tensor, _variance.Tensor, _weight.Tensor, _bias.Tensor, pass.IsTraining, Momentum, Epsilon);

    public override string Emit(OnnxGraph graph, string input) => graph.Node(
        "BatchNormalization",
        [input, .. new[] { _weight, _bias, _mean, _variance }.Select(parameter => graph.Weights(parameter.Name, parameter.Values(), parameter.Shape))],
        null,
        OnnxAttribute.Of("epsilon", (float)Epsilon));
}
