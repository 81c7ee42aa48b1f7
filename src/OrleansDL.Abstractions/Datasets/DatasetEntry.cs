namespace OrleansDL.Datasets;

/// <summary>One file of a version.</summary>
[GenerateSerializer, Immutable, Alias("dataset-entry")]
public sealed record DatasetEntry
{
    /// <summary>Path within the dataset: forward slashes, no empty, '.' or '..' parts.</summary>
    [Id(0)] public required string Path { get; init; }
    [Id(1)] public required BlobId Blob { get; init; }
    [Id(2)] public required long Bytes { get; init; }
    [Id(3)] public required long Rows { get; init; }

    /// <summary>How the file is read: <c>csv</c>, <c>tsv</c>, <c>jsonl</c>, <c>parquet</c>, <c>arrow</c>, <c>npy</c>, <c>idx</c>, <c>webdataset</c>, <c>image</c>, <c>file</c>.</summary>
    [Id(4)] public required string Format { get; init; }

    /// <summary>For CSV, whether the first line names the columns.</summary>
    [Id(5)] public bool Header { get; init; }

    /// <summary>For images, the label (the folder's name).</summary>
    [Id(6)] public string? Label { get; init; }

    /// <summary>For IDX images, the path of the file that holds their labels.</summary>
    [Id(7)] public string? Labels { get; init; }

    /// <summary>The split this file belongs to (<c>train</c>, <c>validation</c>, <c>test</c>, ...), if it was said.</summary>
    [Id(8)] public string? Split { get; init; }

    /// <summary>For images, what was found of them; null for those that came in before it was looked for.</summary>
    [Id(9)] public ImageFacts? Image { get; init; }
}
