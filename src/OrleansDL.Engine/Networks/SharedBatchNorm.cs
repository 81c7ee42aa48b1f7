using OrleansDL.Collectives;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>Batch normalisation over the rows of all ranks: each gives its sums, and all normalise by the same mean and variance, forward and backward.</summary>
internal sealed class SharedBatchNorm : autograd.SingleTensorFunction<SharedBatchNorm>
{
    public override string Name => nameof(SharedBatchNorm);

    /// <param name="input">[batch, channels, ...].</param>
    /// <param name="weight">[channels].</param>
    /// <param name="bias">[channels].</param>
    /// <param name="moments">Mean and inverse deviation over all ranks, [2, channels], and the number of values per channel.</param>
    public static Tensor Apply(Tensor input, Tensor weight, Tensor bias, Moments moments, IGradientExchange exchange) =>
        SharedBatchNorm.apply(input, weight, bias, moments, exchange);

    public override Tensor forward(autograd.AutogradContext context, params object[] arguments)
    {
        var (input, weight, bias) = ((Tensor)arguments[0], (Tensor)arguments[1], (Tensor)arguments[2]);
        var (moments, exchange) = ((Moments)arguments[3], (IGradientExchange)arguments[4]);
        var shape = Moments.Broadcast(input);
        var normal = (input - moments.Mean.view(shape)) * moments.Inverse.view(shape);
        context.save_for_backward([normal, weight, moments.Inverse]);
        context.save_data("count", moments.Count);
        context.save_data("exchange", exchange);
        return (normal * weight.view(shape)) + bias.view(shape);
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        var saved = context.get_saved_variables();
        var (normal, weight, inverse) = (saved[0], saved[1], saved[2]);
        var shape = Moments.Broadcast(normal);
        var others = Moments.Others(normal);
        var (biases, weights) = (gradient.sum(others), (gradient * normal).sum(others));
        var sums = Moments.Sum((IGradientExchange)context.get_data("exchange"), biases, weights);
        var count = (double)context.get_data("count");
        var mean = (sums[0].view(shape) + (normal * sums[1].view(shape))) / count;
        return [(gradient - mean) * (weight * inverse).view(shape), weights, biases, null!, null!];
    }
}
