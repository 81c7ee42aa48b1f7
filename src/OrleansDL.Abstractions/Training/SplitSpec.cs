namespace OrleansDL.Training;

/// <summary>Which rows train and which validate. Whatever the rule, a row's side follows from the row alone: rows added later move none.</summary>
[GenerateSerializer, Immutable, Alias("split-spec")]
public sealed record SplitSpec
{
    /// <summary>
    /// <c>row</c> (default): by the seed and the row's whole content, so that equal rows stand on one side. <c>key</c>: by the seed and one
    /// column, so that rows of one key (a patient, a day) stand on one side. <c>column</c>: as a column says.
    /// </summary>
    [Id(0)] public string By { get; init; } = "row";

    /// <summary>key, column: the column. It is no input unless <c>input.columns</c> names it.</summary>
    [Id(1)] public string? Column { get; init; }

    /// <summary>column: values of rows to train on; default <c>train</c>. Rows of neither list are left out.</summary>
    [Id(2)] public IReadOnlyList<string>? Training { get; init; }

    /// <summary>column: values of rows to validate on; default <c>validation</c>.</summary>
    [Id(3)] public IReadOnlyList<string>? Validation { get; init; }
}
