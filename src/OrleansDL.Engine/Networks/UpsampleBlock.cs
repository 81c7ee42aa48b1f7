using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Doubles an image's height and width by repeating pixels, and cuts it at the right and the bottom.</summary>
/// <param name="sizes">Channels, height and width it has then.</param>
internal sealed class UpsampleBlock(IReadOnlyList<long> sizes) : Block
{
    public override Tensor Forward(Tensor input, Pass pass)
    {
        var (batch, height, width) = (input.shape[0], input.shape[2], input.shape[3]);
        var doubled = input.view(batch, sizes[0], height, 1, width, 1).expand(batch, sizes[0], height, 2, width, 2).reshape(batch, sizes[0], height * 2, width * 2);
        return doubled.narrow(2, 0, sizes[1]).narrow(3, 0, sizes[2]).contiguous();
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        var doubled = graph.Node(
            "Resize",
            [input, "", graph.Floats(1, 1, 2, 2)],
            null,
            OnnxAttribute.Of("mode", "nearest"),
            OnnxAttribute.Of("coordinate_transformation_mode", "asymmetric"),
            OnnxAttribute.Of("nearest_mode", "floor"));
        return graph.Node("Slice", [doubled, graph.Integers(0, 0), graph.Integers(sizes[1], sizes[2]), graph.Integers(2, 3)]);
    }
}
