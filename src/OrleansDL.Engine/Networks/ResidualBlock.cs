using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Adds what blocks make of the input to the input itself, or to what a shortcut makes of it.</summary>
internal sealed class ResidualBlock(IReadOnlyList<Block> blocks, IReadOnlyList<Block> shortcut) : Block
{
    public override bool GoesOn => blocks.Concat(shortcut).All(block => block.GoesOn);

    public override Tensor Forward(Tensor input, Pass pass) =>
        blocks.Aggregate(input, (value, block) => block.Forward(value, pass)).add(shortcut.Aggregate(input, (value, block) => block.Forward(value, pass)), Held(1));

    public override string Emit(OnnxGraph graph, string input)
    {
        var value = blocks.Aggregate(input, (name, block) => block.Emit(graph, name));
        return graph.Node("Add", [value, shortcut.Aggregate(input, (name, block) => block.Emit(graph, name))]);
    }
}
