using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Normalises each image over groups of its channels; one group is layer norm.</summary>
internal sealed class GroupNormBlock(ParameterPlan plan, long channels, int groups) : Block
{
    private const double Epsilon = 1e-5;

    private readonly Parameter _weight = plan.Precise("weight", 1, channels);
    private readonly Parameter _bias = plan.Precise("bias", 0, channels);

    public override Tensor Forward(Tensor input, Pass pass) =>
        nn.functional.group_norm(input, groups, _weight.Tensor, _bias.Tensor, Epsilon);

    /// <summary>Opset 17 has no GroupNormalization: groups become the channels of an instance norm.</summary>
    public override string Emit(OnnxGraph graph, string input)
    {
        var (ones, zeros) = (new float[groups], new float[groups]);
        Array.Fill(ones, 1);
        var grouped = graph.Node("Reshape", [input, graph.Integers(0, groups, -1)]);
        var normal = graph.Node(
            "InstanceNormalization",
            [grouped, graph.Weights($"{_weight.Name}.ones", ones, groups), graph.Weights($"{_bias.Name}.zeros", zeros, groups)],
            null,
            OnnxAttribute.Of("epsilon", (float)Epsilon));
        var value = graph.Node("Reshape", [normal, graph.Node("Shape", [input])]);
        var scaled = graph.Node("Mul", [value, graph.Weights(_weight.Name, _weight.Values(), channels, 1, 1)]);
        return graph.Node("Add", [scaled, graph.Weights(_bias.Name, _bias.Values(), channels, 1, 1)]);
    }
}
