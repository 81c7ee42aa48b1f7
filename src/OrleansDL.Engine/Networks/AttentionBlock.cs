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

    public override bool GoesOn => _causal;

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var (batch, steps) = (input.shape[0], input.shape[1]);
        var all = nn.functional.linear(_inWeight.Fit(input), _inWeight.Tensor, _inBias.Tensor).view(batch, steps, 3, _heads, HeadWidth).permute(2, 0, 3, 1, 4);
        var (queries, keys, values) = (all.select(0, 0), all.select(0, 1), all.select(0, 2));
        var scores = queries.matmul(keys.transpose(-2, -1)) * Held(1 / Math.Sqrt(HeadWidth));
        if (_rows is not null)
        {
            scores = scores.add(Penalty(_rows.Present, scores).view(batch, 1, 1, steps), Held(1));
        }

        if (_causal)
        {
            var places = arange(Held(0), Held(steps), Held(1), ScalarType.Int64, input.device);
            scores = scores.add(Penalty(places.unsqueeze(1).ge(places.unsqueeze(0)), scores), Held(1));
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
        if (graph.Past is { } past)
        {
            return EmitOut(graph, EmitTaken(graph, past, Part(0), Part(1), Part(2)));
        }

        var keys = graph.Node("Transpose", [Part(1)], null, OnnxAttribute.Of("perm", [0, 1, 3, 2]));
        var scores = graph.Node("Mul", [graph.Node("MatMul", [Part(0), keys]), graph.Scalar((float)(1 / Math.Sqrt(HeadWidth)))]);
        if (_rows is not null)
        {
            scores = graph.Node("Add", [scores, graph.Node("Unsqueeze", [Penalty(graph, _rows.EmitPresent()), graph.Integers(1, 2)])]);
        }

        if (_causal)
        {
            scores = graph.Node("Add", [scores, EmitCausal(graph, graph.Size(input, 1))]);
        }

        var weights = graph.Node("Softmax", [scores], null, OnnxAttribute.Of("axis", -1));
        return EmitOut(graph, graph.Node("MatMul", [weights, Part(2)]));
    }

    /// <summary>What steps take from those before them, whose keys and values are given, and from one another. Nothing of the past is copied: its scores stand before
    /// the new ones only for the softmax.</summary>
    private string EmitTaken(OnnxGraph graph, OnnxPast past, string queries, string keys, string values)
    {
        var (pastKeys, pastValues) = past.Keep(_heads, HeadWidth, keys, values);
        string Scores(string of) => graph.Node(
            "Mul",
            [graph.Node("MatMul", [queries, graph.Node("Transpose", [of], null, OnnxAttribute.Of("perm", [0, 1, 3, 2]))]), graph.Scalar((float)(1 / Math.Sqrt(HeadWidth)))]);
        var room = graph.Size(pastKeys, 2);
        var old = graph.Node("Add", [Scores(pastKeys), graph.Node("Unsqueeze", [Penalty(graph, past.Filled(room)), graph.Integers(1, 2)])]);
        var own = graph.Node("Add", [Scores(keys), EmitCausal(graph, graph.Size(keys, 2))]);
        var weights = graph.Node("Softmax", [graph.Node("Concat", [old, own], null, OnnxAttribute.Of("axis", -1))], null, OnnxAttribute.Of("axis", -1));
        var border = graph.Node("Unsqueeze", [room, graph.Integers(0)]);
        var ofPast = graph.Node("Slice", [weights, graph.Integers(0), border, graph.Integers(-1)]);
        var ofOwn = graph.Node("Slice", [weights, border, graph.Integers(long.MaxValue), graph.Integers(-1)]);
        return graph.Node("Add", [graph.Node("MatMul", [ofPast, pastValues]), graph.Node("MatMul", [ofOwn, values])]);
    }

    private string EmitOut(OnnxGraph graph, string taken)
    {
        var turned = graph.Node("Transpose", [taken], null, OnnxAttribute.Of("perm", [0, 2, 1, 3]));
        return LinearBlock.EmitLinear(graph, graph.Node("Reshape", [turned, graph.Integers(0, 0, _width)]), _outWeight, _outBias);
    }

    /// <summary>[steps, steps]: what a score loses where the key comes after the query.</summary>
    private static string EmitCausal(OnnxGraph graph, string steps)
    {
        var places = graph.Range(steps);
        var seen = graph.Node("GreaterOrEqual", [graph.Node("Unsqueeze", [places, graph.Integers(1)]), graph.Node("Unsqueeze", [places, graph.Integers(0)])]);
        return Penalty(graph, seen);
    }

    private static Tensor Penalty(Tensor seen, Tensor like) => (Held(1) - seen.to(like.dtype)) * Held(Hidden);

    private static string Penalty(OnnxGraph graph, string seen) => graph.Node("Where", [seen, graph.Scalar(0), graph.Scalar(Hidden)]);
}
