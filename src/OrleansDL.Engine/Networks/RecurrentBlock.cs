using OrleansDL.Onnx;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>
/// Reads a series step by step, in one direction or both, and gives its state at each step. At padding the state stands still and the output is 0,
/// so that reading backwards begins at a row's last step. Weights have ONNX's layout: [directions, gates · width, ...].
/// </summary>
internal abstract class RecurrentBlock : Block
{
    private readonly SeriesPadding? _rows;
    private readonly int _directions;

    /// <param name="gates">Gates of the cell.</param>
    protected RecurrentBlock(ParameterPlan plan, long inputs, BlockSpec spec, SeriesPadding? rows, int gates)
    {
        (_rows, _directions, Width) = (rows, spec.Bidirectional is true ? 2 : 1, spec.Width!.Value);
        var bound = 1 / Math.Sqrt(Width);
        InputWeight = plan.Uniform("input", bound, _directions, gates * Width, inputs);
        StateWeight = plan.Uniform("state", bound, _directions, gates * Width, Width);
    }

    protected long Width { get; }

    protected int Directions => _directions;

    protected Parameter InputWeight { get; }

    protected Parameter StateWeight { get; }

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var value = InputWeight.Fit(input);
        var outputs = cat([.. Enumerable.Range(0, _directions).Select(direction => Read(value, direction))], 2);
        return _rows is null ? outputs : outputs * _rows.Mask(outputs);
    }

    /// <summary>Values of all steps from the input, before any state is known.</summary>
    protected abstract Tensor Project(Tensor input, int direction);

    /// <summary>Added to the state's products; null: nothing is.</summary>
    protected virtual Tensor? StateBias(int direction) => null;

    /// <summary>One step: what the cell's states are after it. The first state is the output.</summary>
    /// <param name="weight">[width, gates · width].</param>
    protected abstract Tensor[] Step(Tensor projected, Tensor[] states, Tensor weight, Tensor? bias);

    /// <summary>How many states the cell carries.</summary>
    protected abstract int States { get; }

    /// <summary>Adds the cell's node to the graph: steps first in, [steps, directions, batch, width] out.</summary>
    protected abstract string EmitCell(OnnxGraph graph, IReadOnlyList<string> inputs, OnnxAttribute[] attributes);

    /// <summary>[directions, 2 · gates · width], as ONNX wants them.</summary>
    protected abstract string EmitBiases(OnnxGraph graph);

    public override string Emit(OnnxGraph graph, string input)
    {
        var steps = graph.Node("Transpose", [input], null, OnnxAttribute.Of("perm", [1, 0, 2]));
        var lengths = _rows is null ? "" : graph.Node("Cast", [_rows.EmitLengths()], null, OnnxAttribute.Of("to", (int)OnnxType.Int32));
        var output = EmitCell(
            graph,
            [steps, graph.Weights(InputWeight), graph.Weights(StateWeight), EmitBiases(graph), lengths],
            [OnnxAttribute.Of("hidden_size", Width), OnnxAttribute.Of("direction", _directions == 2 ? "bidirectional" : "forward")]);
        var rows = graph.Node("Transpose", [output], null, OnnxAttribute.Of("perm", [2, 0, 1, 3]));
        return graph.Node("Reshape", [rows, graph.Integers(0, 0, _directions * Width)]);
    }

    private Tensor Read(Tensor input, int direction)
    {
        var (batch, steps) = (input.shape[0], input.shape[1]);
        var projected = Project(input, direction).unbind(1);
        var (weight, bias) = (StateWeight.Tensor.select(0, direction).t(), StateBias(direction));
        var states = Enumerable.Range(0, States).Select(_ => zeros([batch, Width], input.dtype, input.device)).ToArray();
        var outputs = new Tensor[steps];
        for (var index = 0; index < steps; index++)
        {
            var step = (int)(direction == 0 ? index : steps - 1 - index);
            var next = Step(projected[step], states, weight, bias);
            if (_rows is not null && direction == 1)
            {
                var present = _rows.Present.narrow(1, step, 1);
                next = [.. next.Zip(states, (after, before) => where(present, after, before))];
            }

            states = next;
            outputs[step] = states[0];
        }

        return stack(outputs, 1);
    }
}
