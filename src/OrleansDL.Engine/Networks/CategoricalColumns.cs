namespace OrleansDL.Networks;

/// <summary>
/// Columns of text that enter a network as indices, for it to embed. They stand last in a row of floats, after every other number, in this order;
/// each holds a whole number from 0 up to its cardinality: 0 for a value that is missing or that training never saw, known values from 1.
/// </summary>
internal sealed record CategoricalColumns
{
    /// <summary>For each column how many indices it has, 0 included.</summary>
    public required IReadOnlyList<long> Cardinalities { get; init; }
}
