namespace OrleansDL.Pipelines;

/// <summary>One fitted column of a table.</summary>
internal sealed record TableColumn
{
    public required string Name { get; init; }
    public required TableColumnKind Type { get; init; }

    /// <summary>numeric: mean and standard deviation over the training rows.</summary>
    public double? Mean { get; init; }
    public double? Deviation { get; init; }

    /// <summary>categorical and index: texts seen in training, sorted by code point.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Numbers it takes in the encoded row.</summary>
    internal int Width => Type is TableColumnKind.Categorical ? Values!.Count : 1;
}
