using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Adds to each step sines and cosines of its place, of wavelengths from 2π to 10,000 · 2π; any number of steps will do.</summary>
internal sealed class SinusoidalPositionsBlock(long width) : Block
{
    private readonly float[] _frequencies =
        [.. Enumerable.Range(0, (int)((width + 1) / 2)).Select(index => (float)Math.Pow(10_000, -2.0 * index / width))];

    public override bool GoesOn => true;

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var places = arange(Held(0), Held(input.shape[1]), Held(1), ScalarType.Float32, input.device).unsqueeze(1);
        var angles = places * tensor(_frequencies, device: input.device).unsqueeze(0);
        return input.add(cat([angles.sin(), angles.cos()], 1).narrow(1, 0, width).to(input.dtype), Held(1));
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        var places = graph.Node("Cast", [graph.Past?.Places(input) ?? graph.Range(graph.Size(input, 1))], null, OnnxAttribute.Of("to", (int)OnnxType.Float));
        var angles = graph.Node("Mul", [graph.Node("Unsqueeze", [places, graph.Integers(-1)]), graph.Floats(_frequencies)]);
        var waves = graph.Node("Concat", [graph.Node("Sin", [angles]), graph.Node("Cos", [angles])], null, OnnxAttribute.Of("axis", -1));
        return graph.Node("Add", [input, graph.Node("Slice", [waves, graph.Integers(0), graph.Integers(width), graph.Integers(-1)])]);
    }
}
