namespace OrleansDL.UserCode;

/// <summary>One file of a code version.</summary>
[GenerateSerializer, Immutable, Alias("code-file")]
public sealed record CodeFile
{
    /// <summary>Path within the code, by the rule of <see cref="CodePath"/>.</summary>
    [Id(0)] public required string Path { get; init; }
    [Id(1)] public required BlobId Blob { get; init; }
    [Id(2)] public required long Bytes { get; init; }
    [Id(3)] public required bool Executable { get; init; }
}
