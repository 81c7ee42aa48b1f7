using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>Numbers [N, values] in deviations of the training rows: the mean of squared errors, of errors, or of squared ones up to a bound.</summary>
internal sealed class RegressionHead(int values, HeadSpec spec) : Head
{
    public override string Name => HeadNames.Regression;

    public override int Outputs => values;

    public override Tensor Loss(Tensor output, Tensor target)
    {
        var error = output - target;
        return spec.Loss switch
        {
            "mae" => error.abs().mean(),
            "huber" => Huber(error, spec.HuberDelta ?? 1).mean(),
            _ => error.pow(Held(2)).mean(),
        };
    }

    /// <summary>e²/2 up to delta, then delta (|e| - delta/2).</summary>
    private static Tensor Huber(Tensor error, double delta)
    {
        var size = error.abs();
        var near = size.clamp_max(Held(delta));
        return near * (size - (near / Held(2)));
    }
}
