namespace OrleansDL.Datasets;

/// <summary>Asks for an import: files that the server fetches itself.</summary>
[GenerateSerializer, Immutable, Alias("import-spec")]
public sealed record ImportSpec
{
    /// <summary><c>https://host/file</c>, <c>s3://bucket/key</c>, or <c>s3://bucket/prefix/</c> for everything below it.</summary>
    [Id(0)] public required string Source { get; init; }

    /// <summary>How the files are read, for example <c>csv</c>, <c>parquet</c> or <c>tar</c>; null: by their names and the kind of the dataset.</summary>
    [Id(1)] public string? Format { get; init; }

    /// <summary>CSV: whether the first line names the columns; null: found out.</summary>
    [Id(2)] public bool? Header { get; init; }

    /// <summary>For one file its path within the dataset, for many the folder they come into; null: as they are called at the source.</summary>
    [Id(3)] public string? Path { get; init; }
    [Id(4)] public string Branch { get; init; } = "main";
    [Id(5)] public string? Message { get; init; }
    [Id(6)] public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether the new version holds only what is imported.</summary>
    [Id(7)] public bool Replace { get; init; }

    /// <summary>The split the files belong to.</summary>
    [Id(8)] public string? Split { get; init; }

    /// <summary>Types of columns in place of those found, as <c>zip=string,topics=labels</c>.</summary>
    [Id(9)] public string? Types { get; init; }
}
