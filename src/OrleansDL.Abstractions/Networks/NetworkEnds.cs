namespace OrleansDL.Networks;

/// <summary>What a network stands between: its input, and the head whose output it gives.</summary>
internal sealed record NetworkEnds
{
    public required BlockShape Input { get; init; }

    /// <summary>Number of token ids when the input is tokens.</summary>
    public long? Vocabulary { get; init; }

    /// <summary>Number of values of each categorical column, when such columns stand last in a row as indices.</summary>
    public IReadOnlyList<long> Cardinalities { get; init; } = [];

    /// <summary><c>label</c>, <c>labels</c>, <c>regression</c>, <c>sequence</c>, <c>next-token</c>, <c>embedding</c> or <c>reconstruction</c>.</summary>
    public required string Head { get; init; }

    /// <summary>Numbers the head gives: labels, values, vocabulary or width; reconstruction: not used.</summary>
    public required long Outputs { get; init; }
}
