using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A vector for each token.</summary>
internal sealed class EmbeddingBlock(ParameterPlan plan, long vocabulary, long width, SeriesPadding rows) : Block
{
    private readonly Parameter _embedding = plan.Uniform("embedding", 0.1, vocabulary, width);

    public override bool GoesOn => true;

    public override Tensor Forward(Tensor input, Pass pass)
    {
        rows.Set(input);
        return _embedding.Tensor.index_select(0, input.flatten()).view(input.shape[0], input.shape[1], width);
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        rows.Emit(graph, input);
        return graph.Node("Gather", [graph.Weights(_embedding), input]);
    }
}
