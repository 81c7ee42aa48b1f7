using OrleansDL.Onnx;

namespace OrleansDL.Networks;

/// <summary>The outputs of an exported network, by its head.</summary>
internal static class HeadOutputs
{
    /// <param name="value">What the last block gives.</param>
    /// <param name="shape">Its shape, of one row.</param>
    /// <param name="embedding">reconstruction: the value in the middle and its width; empty when no block is named so.</param>
    public static void Emit(OnnxGraph graph, string head, string value, BlockShape shape, (string Value, long Width) embedding)
    {
        long[] sizes = [-1, .. shape.IsPadded ? [-1, .. shape.Sizes.Skip(1)] : shape.Sizes];
        switch (head)
        {
            case "label" or "sequence":
                var logits = graph.Node("Identity", [value], "logits");
                graph.Node("Softmax", [logits], "probabilities", OnnxAttribute.Of("axis", -1));
                graph.Output("logits", sizes);
                graph.Output("probabilities", sizes);
                break;
            case "labels":
                graph.Node("Sigmoid", [graph.Node("Identity", [value], "logits")], "probabilities");
                graph.Output("logits", sizes);
                graph.Output("probabilities", sizes);
                break;
            case "next-token":
                Name(graph, value, "logits", sizes);
                break;
            case "regression":
                Name(graph, value, "values", sizes);
                break;
            case "embedding":
                Name(graph, value, "embedding", sizes);
                break;
            default:
                Name(graph, value, "reconstruction", sizes);
                if (embedding.Width > 0)
                {
                    Name(graph, embedding.Value, "embedding", [-1, embedding.Width]);
                }

                break;
        }
    }

    private static void Name(OnnxGraph graph, string value, string output, ReadOnlySpan<long> sizes)
    {
        graph.Node("Identity", [value], output);
        graph.Output(output, sizes);
    }
}
