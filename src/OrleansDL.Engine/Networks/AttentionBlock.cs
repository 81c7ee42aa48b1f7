using OrleansDL.Onnx;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Each step takes from the others by how well its query fits their keys (Vaswani and others), in several heads; padding is not looked at.</summary>
internal sealed class AttentionBlock : Block
{
    /// <summary>What a score loses that must not count: its weight becomes 0, and no infinity meets a row without a step.</summary>
    private const float Hidden = -1e9f;

    private readonly Parameter _inWeight;
    private readonly Parameter _inBias;
    private readonly Parameter _outWeight;
    private readonly Parameter _outBias;
    private readonly SeriesPadding? _rows;
    private readonly long _width;
    private readonly long _heads;
    private readonly bool _causal;
    private readonly double _share;

    public AttentionBlock(ParameterPlan plan, long width, BlockSpec spec, SeriesPadding? rows)
    {
        (_width, _heads, _causal, _share, _rows) = (width, spec.Heads!.Value, spec.Causal is true, spec.Share ?? 0, rows);
        var bound = 1 / Math.Sqrt(width);
        _inWeight = plan.Uniform("in.weight", bound, 3 * width, width);
        _inBias = plan.Constant("in.bias", 0, 3 * width);
        _outWeight = plan.Uniform("out.weight", bound, width, width);
        _outBias = plan.Constant("out.bias", 0, width);
    }

    private long HeadWidth => _width / _heads;

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var (batch, steps) = (input.shape[0], input.shape[1]);
        var all = nn.functional.linear(_inWeight.Fit(input), _inWeight.Tensor, _inBias.Tensor).view(batch, steps, 3, _heads, HeadWidth).permute(2, 0, 3, 1, 4);
        var (queries, keys, values) = (all.select(0, 0), all.select(0, 1), all.select(0, 2));
        var scores = queries.matmul(keys.transpose(-2, -1)) * (1 / Math.Sqrt(HeadWidth));
        if (_rows is not null)
        {
            scores = scores + Penalty(_rows.Present, scores).view(batch, 1, 1, steps);
        }

        if (_causal)
        {
            var places = arange(steps, ScalarType.Int64, input.device);
            scores = scores + Penalty(places.unsqueeze(1).ge(places.unsqueeze(0)), scores);
        }

        var weights = scores.softmax(-1);
        if (_share > 0)
        {
            weights = pass.Drop(weights, _share);
        }

        var taken = weights.matmul(values).transpose(1, 2).reshape(batch, steps, _width);
        return nn.functional.linear(taken, _outWeight.Tensor, _outBias.Tensor);
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        var all = graph.Node("Reshape", [LinearBlock.EmitLinear(graph, input, _inWeight, _inBias), graph.Integers(0, 0, 3, _heads, HeadWidth)]);
        all = graph.Node("Transpose", [all], null, OnnxAttribute.Of("perm", [2, 0, 3, 1, 4]));
        string Part(long index) => graph.Node("Gather", [all, graph.Integer(index)], null, OnnxAttribute.Of("axis", 0));
        var keys = graph.Node("Transpose", [Part(1)], null, OnnxAttribute.Of("perm", [0, 1, 3, 2]));
        var scores = graph.Node("Mul", [graph.Node("MatMul", [Part(0), keys]), graph.Scalar((float)(1 / Math.Sqrt(HeadWidth)))]);
        if (_rows is not null)
        {
            scores = graph.Node("Add", [scores, graph.Node("Unsqueeze", [Penalty(graph, _rows.EmitPresent()), graph.Integers(1, 2)])]);
        }

        if (_causal)
        {
            var places = graph.Range(graph.Size(input, 1));
            var seen = graph.Node("GreaterOrEqual", [graph.Node("Unsqueeze", [places, graph.Integers(1)]), graph.Node("Unsqueeze", [places, graph.Integers(0)])]);
            scores = graph.Node("Add", [scores, Penalty(graph, seen)]);
        }

        var weights = graph.Node("Softmax", [scores], null, OnnxAttribute.Of("axis", -1));
        var taken = graph.Node("Transpose", [graph.Node("MatMul", [weights, Part(2)])], null, OnnxAttribute.Of("perm", [0, 2, 1, 3]));
        return LinearBlock.EmitLinear(graph, graph.Node("Reshape", [taken, graph.Integers(0, 0, _width)]), _outWeight, _outBias);
    }

    private static Tensor Penalty(Tensor seen, Tensor like) => (1 - seen.to(like.dtype)) * Hidden;

    private static string Penalty(OnnxGraph graph, string seen) => graph.Node("Where", [seen, graph.Scalar(0), graph.Scalar(Hidden)]);
}
