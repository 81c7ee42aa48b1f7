namespace OrleansDL.Datasets;

/// <summary>What a column's values should be like. What is left out is not checked.</summary>
[GenerateSerializer, Immutable, Alias("column-expectation")]
public sealed record ColumnExpectation
{
    /// <summary>The column, which has to be there.</summary>
    [Id(0)] public required string Column { get; init; }
    [Id(1)] public ColumnType? Type { get; init; }

    /// <summary>False: no value may be null.</summary>
    [Id(2)] public bool? Nullable { get; init; }

    /// <summary>The least and the greatest number allowed.</summary>
    [Id(3)] public double? Min { get; init; }
    [Id(4)] public double? Max { get; init; }

    /// <summary>Every value there may be; 1000 at most.</summary>
    [Id(5)] public IReadOnlyList<string>? Allowed { get; init; }

    /// <summary>The greatest share of nulls, between 0 and 1.</summary>
    [Id(6)] public double? MaxNullRate { get; init; }

    /// <summary>True: no value may stand there twice. Beyond 1000 values it is estimated: repeats of more than 4% of the values are found, and any value that repeats often.</summary>
    [Id(7)] public bool? Unique { get; init; }
}
