namespace OrleansDL.Datasets;

/// <summary>What differs between two versions.</summary>
[GenerateSerializer, Immutable, Alias("dataset-diff")]
public sealed record DatasetDiff
{
    [Id(0)] public required long From { get; init; }
    [Id(1)] public required long To { get; init; }
    [Id(2)] public required long RowsAdded { get; init; }
    [Id(3)] public required long RowsRemoved { get; init; }
    [Id(4)] public required long BytesAdded { get; init; }
    [Id(5)] public required long BytesRemoved { get; init; }
    [Id(6)] public required IReadOnlyList<DatasetEntry> Added { get; init; }
    [Id(7)] public required IReadOnlyList<DatasetEntry> Removed { get; init; }

    /// <summary>Paths whose bytes differ, as they are in the newer version.</summary>
    [Id(8)] public required IReadOnlyList<DatasetEntry> Changed { get; init; }

    /// <summary>Whether the lists were cut at <see cref="MaximumEntries"/> files together; rows and bytes always count all.</summary>
    [Id(9)] public bool Truncated { get; init; }

    /// <summary>Columns that were added, removed or changed their type.</summary>
    [Id(10)] public IReadOnlyList<ColumnChange>? Columns { get; init; }

    /// <summary>Columns both versions have, whose values differ in sum.</summary>
    [Id(11)] public IReadOnlyList<StatisticsChange>? Statistics { get; init; }

    public const int MaximumEntries = 1000;
}
