using OrleansDL.Networks;

namespace OrleansDL.Collectives;

/// <summary>What the workers of one run tell each other in a step. Every rank calls the same methods in the same order, and every rank gets the same bits.</summary>
internal interface IGradientExchange
{
    /// <summary>Called after backward: replaces <see cref="Network.Gradients"/> by the mean over all ranks.</summary>
    void Average(Network network);

    /// <summary>The mean of a number over all ranks, for what they must decide alike.</summary>
    double Average(double value);
}
