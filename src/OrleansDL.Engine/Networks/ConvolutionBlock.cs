using OrleansDL.Onnx;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A square convolution of images that keeps height and width, or divides them by its stride.</summary>
internal sealed class ConvolutionBlock : Block
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly long _kernel;
    private readonly long _stride;
    private readonly long _dilation;
    private readonly long _groups;
    private readonly long _padding;

    public ConvolutionBlock(ParameterPlan plan, long inputs, BlockSpec spec)
    {
        (_kernel, _stride, _dilation, _groups) = (spec.Kernel!.Value, spec.Stride!.Value, spec.Dilation!.Value, spec.Groups!.Value);
        _padding = _kernel / 2 * _dilation;
        var (mixed, outputs) = (inputs / _groups, spec.Channels!.Value);
        var bound = 1 / Math.Sqrt(mixed * _kernel * _kernel);
        _weight = plan.Uniform("weight", bound, outputs, mixed, _kernel, _kernel);
        _bias = spec.Bias!.Value ? plan.Uniform("bias", bound, outputs) : null;
    }

    public override Tensor Forward(Tensor input, Pass pass) => nn.functional.conv2d(
        _weight.Fit(input), _weight.Tensor, _bias?.Tensor, strides: [_stride, _stride], padding: [_padding, _padding], dilation: [_dilation, _dilation], groups: _groups);

    public override string Emit(OnnxGraph graph, string input) => graph.Node(
        "Conv", _bias is null ? [input, graph.Weights(_weight)] : [input, graph.Weights(_weight), graph.Weights(_bias)], null, Attributes());

    /// <summary>What stands at its default is left out.</summary>
    private IEnumerable<OnnxAttribute> Attributes()
    {
        yield return OnnxAttribute.Of("kernel_shape", _kernel, _kernel);
        yield return OnnxAttribute.Of("pads", _padding, _padding, _padding, _padding);
        if (_stride != 1)
        {
            yield return OnnxAttribute.Of("strides", _stride, _stride);
        }

        if (_dilation != 1)
        {
            yield return OnnxAttribute.Of("dilations", _dilation, _dilation);
        }

        if (_groups != 1)
        {
            yield return OnnxAttribute.Of("group", _groups);
        }
    }
}
