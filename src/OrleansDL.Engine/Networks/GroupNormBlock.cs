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

    /// <summary>Opset 17 has no GroupNormalization, and ONNX Runtime's InstanceNormalization adds up whole groups in one float: deep networks lose too many bits to it.</summary>
    public override string Emit(OnnxGraph graph, string input)
    {
        var grouped = graph.Node("Reshape", [input, graph.Integers(0, groups, -1)]);
        var centred = graph.Node("Sub", [grouped, Mean(graph, grouped)]);
        var variance = Mean(graph, graph.Node("Mul", [centred, centred]));
        var normal = graph.Node("Div", [centred, graph.Node("Sqrt", [graph.Node("Add", [variance, graph.Scalar((float)Epsilon)])])]);
        var value = graph.Node("Reshape", [normal, graph.Node("Shape", [input])]);
        var scaled = graph.Node("Mul", [value, graph.Weights(_weight.Name, _weight.Values(), channels, 1, 1)]);
        return graph.Node("Add", [scaled, graph.Weights(_bias.Name, _bias.Values(), channels, 1, 1)]);
    }

    private static string Mean(OnnxGraph graph, string value) =>
        graph.Node("ReduceMean", [value], null, OnnxAttribute.Of("axes", [2L]), OnnxAttribute.Of("keepdims", 1));
}
