using OrleansDL.Networks;

namespace OrleansDL.Collectives;

/// <summary>What the workers of one run tell each other in a step. Every rank calls the same methods in the same order, and every rank gets the same bits.</summary>
internal interface IGradientExchange : IDisposable
{
    /// <summary>Which rows of a batch are this rank's.</summary>
    RankShare Share { get; }

    /// <summary>Called by backward, and does not throw: the gradients from this place on are made, and nobody touches them until <see cref="Sum(Network)"/>. They may be added up meanwhile.</summary>
    /// <param name="from">Place in the flat gradients, less each time.</param>
    void Begin(Network network, long from);

    /// <summary>Called after backward: replaces the network's gradients by their sum over all ranks. Each rank's loss is weighed by its share of the rows, so the sum is one worker's gradient.</summary>
    /// <exception cref="GroupLostException">A rank was lost.</exception>
    void Sum(Network network);

    /// <summary>Adds up numbers of all ranks, place by place.</summary>
    /// <exception cref="GroupLostException">A rank was lost.</exception>
    void Sum(Span<double> values);

    /// <summary>Makes sure that all ranks hold the same digest.</summary>
    /// <param name="what">What it is the digest of, for the error.</param>
    /// <exception cref="GroupLostException">They do not, or a rank was lost.</exception>
    void RequireSame(ReadOnlySpan<byte> digest, string what);
}
