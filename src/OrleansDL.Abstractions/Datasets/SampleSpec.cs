namespace OrleansDL.Datasets;

/// <summary>How many of the rows are taken: <see cref="Rows"/> or <see cref="Fraction"/>. Which ones follows from the seed and each row's content.</summary>
[GenerateSerializer, Immutable, Alias("sample-spec")]
public sealed record SampleSpec
{
    public const long MaximumRows = 5_000_000;

    /// <summary>So many rows, 1 to <see cref="MaximumRows"/>; all when there are fewer.</summary>
    [Id(0)] public long? Rows { get; init; }

    /// <summary>About this share of the rows, more than 0 to 1. A row that is in stays in when others are added.</summary>
    [Id(1)] public double? Fraction { get; init; }
    [Id(2)] public long Seed { get; init; }
}
