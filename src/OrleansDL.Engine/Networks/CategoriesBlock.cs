using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A vector for each categorical column in place of its index, after the numbers of the row (see <see cref="CategoricalColumns"/>).</summary>
internal sealed class CategoriesBlock(ParameterPlan plan, long inputs, IReadOnlyList<long> cardinalities, int? width) : Block
{
    private readonly Parameter[] _tables =
        [.. cardinalities.Select((values, column) => plan.Uniform($"embedding{column}", 0.1, values, BlockPlanner.WidthOf(values, width)))];

    private long Numbers => inputs - cardinalities.Count;

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var columns = _tables.Select((table, column) => table.Tensor.index_select(
            0, input.select(1, Numbers + column).clamp(Held(0), Held(cardinalities[column] - 1)).to(ScalarType.Int64)));
        return cat([input.narrow(1, 0, Numbers), .. columns], 1);
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        var numbers = graph.Node("Slice", [input, graph.Integers(0), graph.Integers(Numbers), graph.Integers(1)]);
        return graph.Node("Concat", [numbers, .. _tables.Select((table, column) => Column(graph, input, table, column))], null, OnnxAttribute.Of("axis", 1));
    }

    private string Column(OnnxGraph graph, string input, Parameter table, int column)
    {
        var value = graph.Node("Gather", [input, graph.Integer(Numbers + column)], null, OnnxAttribute.Of("axis", 1));
        var known = graph.Node("Clip", [value, graph.Scalar(0), graph.Scalar(cardinalities[column] - 1)]);
        return graph.Node("Gather", [graph.Weights(table), graph.Node("Cast", [known], null, OnnxAttribute.Of("to", (int)OnnxType.Int64))]);
    }
}
