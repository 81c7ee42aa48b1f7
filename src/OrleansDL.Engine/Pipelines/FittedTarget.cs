namespace OrleansDL.Pipelines;

/// <summary>What a network answers when that is not one label per row; part of <c>pipeline.json</c>.</summary>
internal sealed record FittedTarget
{
    /// <summary><c>labels</c>, <c>regression</c>, <c>sequence</c>, <c>next-token</c>, <c>embedding</c> or <c>reconstruction</c>.</summary>
    public required string Head { get; init; }

    /// <summary>regression: the values, in the order of the outputs.</summary>
    public IReadOnlyList<TargetColumn>? Columns { get; init; }

    /// <summary>labels: probability from which a label is answered.</summary>
    public double? Threshold { get; init; }

    /// <summary>labels, sequence: what stands between the labels of a cell; null: <c>;</c>, or spaces for a sequence.</summary>
    public string? Separator { get; init; }

    /// <summary>embedding: width of the vector.</summary>
    public int? Width { get; init; }
}
