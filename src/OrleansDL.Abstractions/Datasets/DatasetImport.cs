namespace OrleansDL.Datasets;

/// <summary>An import and how far it is.</summary>
[GenerateSerializer, Immutable, Alias("dataset-import")]
public sealed record DatasetImport
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required Guid Dataset { get; init; }
    [Id(2)] public required ImportSpec Spec { get; init; }
    [Id(3)] public required ImportStatus Status { get; init; }

    /// <summary>Objects found at the source, and those whose bytes are here; 0 until the source was listed.</summary>
    [Id(4)] public long Objects { get; init; }
    [Id(5)] public long ObjectsDone { get; init; }

    /// <summary>Bytes of all objects, as far as the source says, and those that are here.</summary>
    [Id(6)] public long Bytes { get; init; }
    [Id(7)] public long BytesDone { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(8)] public string? Error { get; init; }

    /// <summary>The version it became; an import that changed nothing names the branch's head.</summary>
    [Id(9)] public long? Version { get; init; }
    [Id(10)] public required string Author { get; init; }
    [Id(11)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(12)] public DateTimeOffset? FinishedAt { get; init; }
}
