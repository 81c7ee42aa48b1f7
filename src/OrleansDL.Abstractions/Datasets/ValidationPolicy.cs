namespace OrleansDL.Datasets;

/// <summary>What a dataset's commits are held to, and what happens to one that does not pass.</summary>
[GenerateSerializer, Immutable, Alias("validation-policy")]
public sealed record ValidationPolicy
{
    /// <summary>What follows from an anomaly of severity error.</summary>
    [Id(0)] public ValidationAction OnError { get; init; }

    /// <summary>What follows from an anomaly of severity warning.</summary>
    [Id(1)] public ValidationAction OnWarning { get; init; }

    /// <summary>What is known of columns beforehand; breaking it is an error. At most one for a column.</summary>
    [Id(2)] public IReadOnlyList<ColumnExpectation> Expectations { get; init; } = [];
}
