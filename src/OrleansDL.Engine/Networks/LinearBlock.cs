using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A fully connected layer, of a row or of each step of a series.</summary>
internal sealed class LinearBlock(ParameterPlan plan, long inputs, long outputs, bool biased = true, bool series = false) : Block
{
    private readonly Parameter _weight = plan.Uniform("weight", 1 / Math.Sqrt(inputs), outputs, inputs);
    private readonly Parameter? _bias = biased ? plan.Uniform("bias", 1 / Math.Sqrt(inputs), outputs) : null;

    public override bool GoesOn => series;

    public override Tensor Forward(Tensor input, Pass pass) => nn.functional.linear(_weight.Fit(input), _weight.Tensor, _bias?.Tensor);

    public override string Emit(OnnxGraph graph, string input) => series
        ? EmitLinear(graph, input, _weight, _bias)
        : graph.Node("Gemm", [input, graph.Weights(_weight), .. Bias(graph)], null, OnnxAttribute.Of("transB", 1));

    /// <summary>x · weightᵀ + bias for values of any rank: Gemm takes matrices only.</summary>
    public static string EmitLinear(OnnxGraph graph, string input, Parameter weight, Parameter? bias)
    {
        var turned = graph.Node("Transpose", [graph.Weights(weight)], null, OnnxAttribute.Of("perm", [1, 0]));
        var product = graph.Node("MatMul", [input, turned]);
        return bias is null ? product : graph.Node("Add", [product, graph.Weights(bias)]);
    }

    private string[] Bias(OnnxGraph graph) => _bias is null ? [] : [graph.Weights(_bias)];
}
