using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>
/// Copies of a network's weights in bfloat16, with which it learns (mixed precision, Micikevicius and others 2018; bfloat16 has the range of 32 bits,
/// so that no loss need be scaled). The weights themselves stay in 32 bits: they are what the optimizer moves and what is kept and exported.
/// </summary>
internal sealed class HalfWeights : IDisposable
{
    private readonly Tensor _weights;
    private readonly Tensor _gradients;
    private readonly Tensor _copies;
    private readonly Tensor _slopes;
    private readonly List<(Parameter Parameter, Tensor Whole, Tensor Half)> _lent = [];

    /// <param name="parameters">What is learnt.</param>
    /// <param name="weights">Their values, flat.</param>
    /// <param name="gradients">Their gradients, flat.</param>
    public HalfWeights(IReadOnlyList<Parameter> parameters, Tensor weights, Tensor gradients)
    {
        (_weights, _gradients) = (weights, gradients);
        _copies = zeros_like(weights, ScalarType.BFloat16).DetachFromDisposeScope();
        _slopes = zeros_like(_copies).DetachFromDisposeScope();
        foreach (var parameter in parameters.Where(parameter => !parameter.IsPrecise))
        {
            var half = View(_copies, parameter).requires_grad_(!parameter.IsFrozen).DetachFromDisposeScope();
            if (!parameter.IsFrozen)
            {
                half.grad = View(_slopes, parameter);
            }

            _lent.Add((parameter, parameter.Tensor, half));
        }
    }

    /// <summary>Puts the weights as they are now, in 16 bits, in the place of the parameters until it is disposed of.</summary>
    public IDisposable Lend()
    {
        using (no_grad())
        {
            _copies.copy_(_weights);
        }

        foreach (var (parameter, _, half) in _lent)
        {
            parameter.Tensor = half;
        }

        return new Loan(this);
    }

    /// <summary>Adds the gradients of 16 bits to those of 32, and forgets them: what several batches give is added up in 32 bits.</summary>
    public void TakeGradients()
    {
        using var guard = no_grad();
        _gradients.add_(_slopes, Held(1));
        _slopes.zero_();
    }

    public void Dispose()
    {
        foreach (var (_, _, half) in _lent)
        {
            half.Dispose();
        }

        _copies.Dispose();
        _slopes.Dispose();
    }

    private static Tensor View(Tensor flat, Parameter parameter) => flat.narrow(0, parameter.Offset, parameter.Count).view(parameter.Shape);

    private sealed class Loan(HalfWeights of) : IDisposable
    {
        public void Dispose()
        {
            foreach (var (parameter, whole, _) in of._lent)
            {
                parameter.Tensor = whole;
            }
        }
    }
}
