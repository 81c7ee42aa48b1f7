using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>The mean embedding of a row's tokens; token 0 is padding and does not count.</summary>
internal sealed class TokenMeanBlock(ParameterPlan plan, long vocabulary, long width) : Block
{
    private readonly Parameter _embedding = plan.Uniform("embedding", 0.1, vocabulary, width);

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var present = input.ne(Held(0)).to(ScalarType.Float32).unsqueeze(-1);
        var embedded = _embedding.Tensor.index_select(0, input.flatten()).view(input.shape[0], input.shape[1], width);
        var sum = (embedded * present).sum(1);
        return sum / present.sum(1).clamp_min(Held(1));
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        var embedded = graph.Node("Gather", [graph.Weights(_embedding.Name, _embedding.Values(), _embedding.Shape), input]);
        var padding = graph.Node("Equal", [input, graph.Integers(0)]);
        var present = graph.Node("Cast", [graph.Node("Not", [padding])], null, OnnxAttribute.Of("to", (int)OnnxType.Float));
        var mask = graph.Node("Unsqueeze", [present, graph.Integers(-1)]);
        var sum = Sum(graph, graph.Node("Mul", [embedded, mask]));
        return graph.Node("Div", [sum, graph.Node("Max", [Sum(graph, mask), graph.Scalar(1)])]);
    }

    private static string Sum(OnnxGraph graph, string input) =>
        graph.Node("ReduceSum", [input, graph.Integers(1)], null, OnnxAttribute.Of("keepdims", 0));
}
