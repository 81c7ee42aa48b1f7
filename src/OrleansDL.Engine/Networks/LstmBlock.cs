using OrleansDL.Onnx;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Long short-term memory. Gates stand in ONNX's order: input, output, forget, cell.</summary>
internal sealed class LstmBlock(ParameterPlan plan, long inputs, BlockSpec spec, SeriesPadding? rows) : RecurrentBlock(plan, inputs, spec, rows, 4)
{
    private readonly Parameter _bias = plan.Uniform("bias", 1 / Math.Sqrt(spec.Width!.Value), spec.Bidirectional is true ? 2 : 1, 4L * spec.Width!.Value);

    protected override int States => 2;

    protected override Tensor Project(Tensor input, int direction) =>
        nn.functional.linear(input, InputWeight.Tensor.select(0, direction), _bias.Tensor.select(0, direction));

    protected override Tensor[] Step(Tensor projected, Tensor[] states, Tensor weight, Tensor? bias)
    {
        var all = addmm(projected, states[0], weight, 1, 1);
        var gates = all.narrow(1, 0, 3 * Width).sigmoid().chunk(3, 1);
        var cell = (gates[2] * states[1]).add(gates[0] * all.narrow(1, 3 * Width, Width).tanh(), Held(1));
        return [gates[1] * cell.tanh(), cell];
    }

    protected override string EmitCell(OnnxGraph graph, IReadOnlyList<string> inputs, OnnxAttribute[] attributes) => graph.Node("LSTM", inputs, null, attributes);

    protected override string EmitBiases(OnnxGraph graph)
    {
        var none = graph.Weights($"{_bias.Name}.state", new float[_bias.Count], _bias.Shape);
        return graph.Node("Concat", [graph.Weights(_bias), none], null, OnnxAttribute.Of("axis", 1));
    }
}
