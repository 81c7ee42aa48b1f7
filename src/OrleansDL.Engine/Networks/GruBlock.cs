using OrleansDL.Onnx;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A gated recurrent unit whose reset gate acts after the product with the state. Gates stand in ONNX's order: update, reset, hidden.</summary>
internal sealed class GruBlock(ParameterPlan plan, long inputs, BlockSpec spec, SeriesPadding? rows) : RecurrentBlock(plan, inputs, spec, rows, 3)
{
    /// <summary>Of the input's values, then of the state's.</summary>
    private readonly Parameter _bias = plan.Uniform("bias", 1 / Math.Sqrt(spec.Width!.Value), spec.Bidirectional is true ? 2 : 1, 6L * spec.Width!.Value);

    protected override int States => 1;

    protected override Tensor Project(Tensor input, int direction) =>
        nn.functional.linear(input, InputWeight.Tensor.select(0, direction), _bias.Tensor.select(0, direction).narrow(0, 0, 3 * Width));

    protected override Tensor? StateBias(int direction) => _bias.Tensor.select(0, direction).narrow(0, 3 * Width, 3 * Width);

    protected override Tensor[] Step(Tensor projected, Tensor[] states, Tensor weight, Tensor? bias)
    {
        var state = addmm(bias!, states[0], weight, 1, 1);
        var gates = projected.narrow(1, 0, 2 * Width).add(state.narrow(1, 0, 2 * Width), Held(1)).sigmoid().chunk(2, 1);
        var hidden = projected.narrow(1, 2 * Width, Width).add(gates[1] * state.narrow(1, 2 * Width, Width), Held(1)).tanh();
        return [hidden.add(gates[0] * (states[0] - hidden), Held(1))];
    }

    protected override string EmitCell(OnnxGraph graph, IReadOnlyList<string> inputs, OnnxAttribute[] attributes) =>
        graph.Node("GRU", inputs, null, [.. attributes, OnnxAttribute.Of("linear_before_reset", 1)]);

    protected override string EmitBiases(OnnxGraph graph) => graph.Weights(_bias);
}
