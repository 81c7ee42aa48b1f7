using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Adds to each step a vector learnt for its place.</summary>
/// <param name="steps">Most steps there can be.</param>
internal sealed class LearntPositionsBlock(ParameterPlan plan, long steps, long width) : Block
{
    private readonly Parameter _table = plan.Uniform("table", 0.1, steps, width);

    public override bool GoesOn => true;

    public override Tensor Forward(Tensor input, Pass pass) => input.add(_table.Tensor.narrow(0, 0, input.shape[1]), Held(1));

    public override string Emit(OnnxGraph graph, string input)
    {
        if (graph.Past is { } past)
        {
            return graph.Node("Add", [input, graph.Node("Gather", [graph.Weights(_table), past.Places(input)])]);
        }

        var end = graph.Node("Unsqueeze", [graph.Size(input, 1), graph.Integers(0)]);
        return graph.Node("Add", [input, graph.Node("Slice", [graph.Weights(_table), graph.Integers(0), end, graph.Integers(0)])]);
    }
}
