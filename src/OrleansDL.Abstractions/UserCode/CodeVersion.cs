namespace OrleansDL.UserCode;

/// <summary>One version of code. It never changes; the same files pushed again are the same version.</summary>
[GenerateSerializer, Immutable, Alias("code-version")]
public sealed record CodeVersion
{
    [Id(0)] public required Guid Code { get; init; }
    [Id(1)] public required string CodeName { get; init; }

    /// <summary>1, 2, 3, ...</summary>
    [Id(2)] public required long Version { get; init; }

    /// <summary>Digest of its list of files: equal files have equal digests, however they were packed.</summary>
    [Id(3)] public required BlobId Digest { get; init; }
    [Id(4)] public required int Files { get; init; }

    /// <summary>Bytes of all files together.</summary>
    [Id(5)] public required long Bytes { get; init; }
    [Id(6)] public required DateTimeOffset CreatedAt { get; init; }
}
