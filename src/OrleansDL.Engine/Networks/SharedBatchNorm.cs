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
    /// <param name="moments">Mean and variance over all ranks.</param>
    /// <param name="counts">Whether this rank's rows count in them.</param>
    public static Tensor Apply(Tensor input, Tensor weight, Tensor bias, Moments moments, bool counts, IGradientExchange exchange) =>
        apply(input, weight, bias, moments, counts, exchange);

    public override Tensor forward(autograd.AutogradContext context, params object[] arguments)
    {
        var (input, weight, bias) = ((Tensor)arguments[0], (Tensor)arguments[1], (Tensor)arguments[2]);
        var moments = (Moments)arguments[3];
        var shape = Moments.Broadcast(input);
        var normal = (input - moments.Mean.view(shape)) * moments.Inverse.view(shape);
        context.save_for_backward([normal, weight, moments.Inverse]);
        context.save_data("count", moments.Count);
        context.save_data("counts", arguments[4]);
        context.save_data("exchange", arguments[5]);
        return (normal * weight.view(shape)) + bias.view(shape);
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        var saved = context.get_saved_variables();
        var (normal, weight, inverse) = (saved[0], saved[1], saved[2]);
        var shape = Moments.Broadcast(normal);
        var others = Moments.Others(normal);
        var (biases, weights) = (gradient.sum(others), (gradient * normal).sum(others));
        var inputs = zeros_like(gradient);
        try
        {
            var sums = Moments.Sum((IGradientExchange)context.get_data("exchange"), biases, weights);
            if ((bool)context.get_data("counts"))
            {
                var mean = (sums[0].view(shape) + (normal * sums[1].view(shape))) / (double)context.get_data("count");
                inputs = (gradient - mean) * (weight * inverse).view(shape);
            }
        }
        catch (GroupLostException)
        {
            // It cannot pass through libtorch, which called this. The exchange of the gradients throws it again.
        }

        return [inputs, weights, biases, null!, null!, null!];
    }
}
