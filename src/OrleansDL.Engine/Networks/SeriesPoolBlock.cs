using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>One row of a series: the <c>mean</c>, <c>max</c>, <c>last</c> or <c>first</c> of its steps, padding left out.</summary>
internal sealed class SeriesPoolBlock(string by, SeriesPadding? rows) : Block
{
    /// <summary>Below whatever a step may hold, and far from infinity: 0 times infinity is no number.</summary>
    private const float Least = -1e9f;

    public override Tensor Forward(Tensor input, Pass pass) => by switch
    {
        "first" => input.select(1, 0),
        "last" when rows is null => input.select(1, -1),
        "last" => input.gather(1, (rows.Lengths - Held(1)).view(-1, 1, 1).expand(-1, 1, input.shape[2])).squeeze(1),
        "max" => (rows is null ? input : where(rows.Present.unsqueeze(-1), input, full_like(input, Held(Least)))).amax([1L]),
        _ when rows is null => input.mean([1L]),
        _ => (input * rows.Mask(input)).sum(1) / rows.Lengths.unsqueeze(1).to(input.dtype),
    };

    public override string Emit(OnnxGraph graph, string input) => by switch
    {
        "first" => graph.Node("Gather", [input, graph.Integer(0)], null, OnnxAttribute.Of("axis", 1)),
        "last" when rows is null => graph.Node("Gather", [input, graph.Integer(-1)], null, OnnxAttribute.Of("axis", 1)),
        "last" => graph.Node("GatherND", [input, Indices(graph)], null, OnnxAttribute.Of("batch_dims", 1)),
        "max" => Reduce(graph, "ReduceMax", rows is null ? input : graph.Node("Where", [Present(graph), input, graph.Scalar(Least)])),
        _ when rows is null => Reduce(graph, "ReduceMean", input),
        _ => graph.Node("Div", [Sum(graph, graph.Node("Mul", [input, rows.EmitMask(graph)])), Lengths(graph)]),
    };

    private string Indices(OnnxGraph graph) =>
        graph.Node("Unsqueeze", [graph.Node("Sub", [rows!.EmitLengths(), graph.Integers(1)]), graph.Integers(1)]);

    private string Present(OnnxGraph graph) => graph.Node("Unsqueeze", [rows!.EmitPresent(), graph.Integers(-1)]);

    private string Lengths(OnnxGraph graph) => graph.Node(
        "Cast", [graph.Node("Unsqueeze", [rows!.EmitLengths(), graph.Integers(1)])], null, OnnxAttribute.Of("to", (int)OnnxType.Float));

    private static string Sum(OnnxGraph graph, string input) =>
        graph.Node("ReduceSum", [input, graph.Integers(1)], null, OnnxAttribute.Of("keepdims", 0));

    private static string Reduce(OnnxGraph graph, string operation, string input) =>
        graph.Node(operation, [input], null, OnnxAttribute.Of("axes", [1L]), OnnxAttribute.Of("keepdims", 0));
}
