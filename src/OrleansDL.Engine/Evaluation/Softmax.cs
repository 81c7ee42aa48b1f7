using System.Numerics.Tensors;

namespace OrleansDL.Evaluation;

/// <summary>Probabilities of logits, in double precision and without overflow.</summary>
internal static class Softmax
{
    /// <summary>Logarithm of the sum of the exponentials.</summary>
    public static double LogSum(ReadOnlySpan<float> logits)
    {
        double greatest = TensorPrimitives.Max(logits);
        double sum = 0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - greatest);
        }

        return greatest + Math.Log(sum);
    }

    /// <summary>Minus the logarithm of one class's probability.</summary>
    public static double CrossEntropy(ReadOnlySpan<float> logits, int actual) => LogSum(logits) - logits[actual];
}
