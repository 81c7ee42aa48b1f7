namespace OrleansDL.Datasets;

/// <summary>Which labels' rows are taken.</summary>
[GenerateSerializer, Immutable, Alias("label-filter")]
public sealed record LabelFilter
{
    /// <summary>The label column; null: <c>label</c> of images, else the last column.</summary>
    [Id(0)] public string? Column { get; init; }

    /// <summary>Only rows of these labels; null: of every label.</summary>
    [Id(1)] public IReadOnlyList<string>? Include { get; init; }

    /// <summary>No rows of these labels.</summary>
    [Id(2)] public IReadOnlyList<string>? Exclude { get; init; }
}
