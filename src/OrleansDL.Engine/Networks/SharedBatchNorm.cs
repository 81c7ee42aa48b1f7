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
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="exchange">The ranks.</param>
    public static Tensor Apply(Tensor input, Tensor weight, Tensor bias, Moments moments, bool counts, double epsilon, IGradientExchange exchange) =>
        apply(input, weight, bias, moments, counts, epsilon, exchange);

    public override Tensor forward(autograd.AutogradContext context, params object[] arguments)
    {
        var (input, weight, bias) = ((Tensor)arguments[0], (Tensor)arguments[1], (Tensor)arguments[2]);
        var (moments, epsilon) = ((Moments)arguments[3], (double)arguments[5]);
        context.save_for_backward([input, weight, moments.Mean, moments.Variance, moments.Inverse]);
        context.save_data("count", moments.Count);
        context.save_data("counts", arguments[4]);
        context.save_data("epsilon", epsilon);
        context.save_data("exchange", arguments[6]);
        return nn.functional.batch_norm(input, moments.Mean, moments.Variance, weight, bias, training: false, eps: epsilon);
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        var saved = context.get_saved_variables();
        var (input, weight, mean, variance, inverse) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
        if (Planes.Suit(input))
        {
            using var whole = gradient.contiguous();
            return InPlanes(context, input, weight, mean, inverse, whole);
        }

        var local = Local(input, weight, mean, variance, (double)context.get_data("epsilon"), gradient);
        var (inputs, weights, biases) = (local[0], local[1], local[2]);
        try
        {
            var sums = Moments.Sum((IGradientExchange)context.get_data("exchange"), biases, weights);
            if ((bool)context.get_data("counts"))
            {
                // What moves mean and variance of all rows moves every row: (sum + normal * weighted sum) / count, as slope and offset of the input.
                var shape = Moments.Broadcast(input);
                var scale = weight * inverse / Held((double)context.get_data("count"));
                var slope = scale * sums[1] * inverse;
                inputs.addcmul_(input, slope.view(shape), Held(-1)).sub_(((scale * sums[0]) - (slope * mean)).view(shape));
            }
            else
            {
                inputs.zero_();
            }
        }
        catch (GroupLostException)
        {
            // It cannot pass through libtorch, which called this. The exchange of the gradients throws it again.
        }

        return [inputs, weights, biases, null!, null!, null!, null!];
    }

    private static List<Tensor> InPlanes(autograd.AutogradContext context, Tensor input, Tensor weight, Tensor mean, Tensor inverse, Tensor gradient)
    {
        float[] means = [.. mean.data<float>()], inverses = [.. inverse.data<float>()], weights = [.. weight.detach().data<float>()];
        var sums = Planes.Products(input, gradient, means, inverses);
        Tensor biasGradient = Moments.Floats(sums[..means.Length], input.device), weightGradient = Moments.Floats(sums[means.Length..], input.device);
        Tensor inputGradient;
        try
        {
            ((IGradientExchange)context.get_data("exchange")).Sum(sums);
            if ((bool)context.get_data("counts"))
            {
                // As below, with the numbers of each channel at hand.
                var count = (double)context.get_data("count");
                float[] scale = new float[means.Length], slope = new float[means.Length], offset = new float[means.Length];
                for (var channel = 0; channel < means.Length; channel++)
                {
                    scale[channel] = weights[channel] * inverses[channel];
                    slope[channel] = (float)(scale[channel] / count * sums[means.Length + channel] * inverses[channel]);
                    offset[channel] = (float)(scale[channel] / count * sums[channel]);
                }

                inputGradient = Planes.Bent(input, gradient, scale, means, slope, offset);
            }
            else
            {
                inputGradient = zeros_like(input);
            }
        }
        catch (GroupLostException)
        {
            // It cannot pass through libtorch, which called this. The exchange of the gradients throws it again.
            inputGradient = zeros_like(input);
        }

        return [inputGradient, weightGradient, biasGradient, null!, null!, null!, null!];
    }

    /// <summary>Gradients of input, weight and bias as if mean and variance were given: libtorch's own kernel makes all three in two passes.</summary>
    private static IList<Tensor> Local(Tensor input, Tensor weight, Tensor mean, Tensor variance, double epsilon, Tensor gradient)
    {
        using var tracked = enable_grad();
        Tensor[] leaves = [input.detach().requires_grad_(), weight.detach().requires_grad_(), zeros_like(weight).detach().requires_grad_()];
        var output = nn.functional.batch_norm(leaves[0], mean, variance, leaves[1], leaves[2], training: false, eps: epsilon);
        return autograd.grad([output], leaves, [gradient]);
    }
}
