using OrleansDL.Onnx;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A convolution along a series that keeps its length. A causal one sees a step and those before it; padding is seen as zeros.</summary>
internal sealed class SeriesConvolutionBlock : Block
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly SeriesPadding? _rows;
    private readonly long _kernel;
    private readonly long _dilation;
    private readonly long _groups;
    private readonly long _before;
    private readonly long _after;

    public SeriesConvolutionBlock(ParameterPlan plan, long inputs, BlockSpec spec, SeriesPadding? rows)
    {
        (_kernel, _dilation, _groups, _rows) = (spec.Kernel!.Value, spec.Dilation!.Value, spec.Groups!.Value, rows);
        var reach = (_kernel - 1) * _dilation;
        (_before, _after) = spec.Causal is true ? (reach, 0) : (reach / 2, reach / 2);
        var (mixed, outputs) = (inputs / _groups, spec.Channels!.Value);
        var bound = 1 / Math.Sqrt(mixed * _kernel);
        _weight = plan.Uniform("weight", bound, outputs, mixed, _kernel);
        _bias = spec.Bias!.Value ? plan.Uniform("bias", bound, outputs) : null;
    }

    public override Tensor Forward(Tensor input, Pass pass)
    {
        var value = _weight.Fit(input);
        value = _rows is null ? value : value * _rows.Mask(value);
        var padded = nn.functional.pad(value.transpose(1, 2), [_before, _after]);
        return nn.functional.conv1d(padded, _weight.Tensor, _bias?.Tensor, dilation: _dilation, groups: _groups).transpose(1, 2);
    }

    public override string Emit(OnnxGraph graph, string input)
    {
        var value = _rows is null ? input : graph.Node("Mul", [input, _rows.EmitMask(graph)]);
        value = graph.Node(
            "Conv",
            _bias is null ? [Turn(graph, value), graph.Weights(_weight)] : [Turn(graph, value), graph.Weights(_weight), graph.Weights(_bias)],
            null,
            OnnxAttribute.Of("kernel_shape", [_kernel]),
            OnnxAttribute.Of("pads", _before, _after),
            OnnxAttribute.Of("dilations", [_dilation]),
            OnnxAttribute.Of("group", _groups));
        return Turn(graph, value);
    }

    private static string Turn(OnnxGraph graph, string input) => graph.Node("Transpose", [input], null, OnnxAttribute.Of("perm", [0, 2, 1]));
}
