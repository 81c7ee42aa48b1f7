using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>
/// Cross entropy of classes that exclude each other, with weights, smoothing and focus. With p the probability of the right class, the loss of a
/// row is w * (1 - p)^gamma * ((1 - s) * -log p + s * mean of -log of all), and that of a batch the mean over its rows, not over their weights:
/// what a row adds does not depend on the others beside it.
/// </summary>
internal sealed class ClassLoss : IDisposable
{
    /// <summary>The power of a number below this is not followed: its slope would be without bound for a gamma below 1.</summary>
    private const double LeastRest = 1e-7;

    private readonly float[]? _given;
    private readonly double _smoothing;
    private readonly double _gamma;
    private Tensor? _weights;

    /// <param name="weights">By class; null: all count 1.</param>
    /// <param name="smoothing">Share of the target given to all classes evenly.</param>
    /// <param name="gamma">Focus; 0: off.</param>
    public ClassLoss(float[]? weights, double smoothing, double gamma) => (_given, _smoothing, _gamma) = (weights, smoothing, gamma);

    /// <param name="logits">[N, classes].</param>
    /// <param name="target">[N]; a number below 0 is passed over.</param>
    public Tensor Of(Tensor logits, Tensor target)
    {
        var known = target.ge(Held(0));
        var right = target.clamp_min(Held(0));
        var logarithms = nn.functional.log_softmax(logits, 1);
        var likelihood = logarithms.gather(1, right.unsqueeze(1)).squeeze(1);
        var loss = -likelihood;
        if (_smoothing > 0)
        {
            loss = (loss * Held(1 - _smoothing)) - (logarithms.mean([1]) * Held(_smoothing));
        }

        if (_gamma > 0)
        {
            loss *= (Held(1) - likelihood.exp()).clamp_min(Held(LeastRest)).pow(Held(_gamma));
        }

        if (_given is not null)
        {
            loss *= Weights(logits).index_select(0, right);
        }

        return (loss * known.to_type(loss.dtype)).sum() / known.sum().clamp_min(Held(1));
    }

    public void Dispose() => _weights?.Dispose();

    private Tensor Weights(Tensor like) => _weights ??= tensor(_given!, dtype: like.dtype, device: like.device).DetachFromDisposeScope();
}
