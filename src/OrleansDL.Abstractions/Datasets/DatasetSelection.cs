namespace OrleansDL.Datasets;

/// <summary>Asks for rows of a dataset: which commits, then which of their files and rows. All parts that are given must hold.</summary>
[GenerateSerializer, Immutable, Alias("dataset-selection")]
public sealed record DatasetSelection
{
    /// <summary>The rows that each commit carrying all these tags brought. Not together with <see cref="Versions"/>.</summary>
    [Id(0)] public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The rows that each of these commits brought: <c>v3</c>, a tag, <c>sha256:...</c></summary>
    [Id(1)] public IReadOnlyList<string>? Versions { get; init; }

    /// <summary>A branch, or any version: with tags only commits in its history count; without tags and versions all its rows are taken. Null: the whole dataset's commits, or the newest version.</summary>
    [Id(2)] public string? Branch { get; init; }

    /// <summary>Files of these splits.</summary>
    [Id(3)] public IReadOnlyList<string>? Splits { get; init; }
    [Id(4)] public LabelFilter? Labels { get; init; }

    /// <summary>A condition over a row's columns, for example <c>length &gt; 3 &amp;&amp; row["c0"] != null</c>.</summary>
    [Id(5)] public string? Filter { get; init; }
    [Id(6)] public SampleSpec? Sample { get; init; }
}
