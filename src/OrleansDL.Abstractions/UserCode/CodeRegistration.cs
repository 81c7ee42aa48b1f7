namespace OrleansDL.UserCode;

/// <summary>Asks for a version of the files that a stored list names.</summary>
[GenerateSerializer, Immutable, Alias("code-registration")]
public sealed record CodeRegistration
{
    /// <summary>Name of the code; made when there is none.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The list of files, stored as its files are.</summary>
    [Id(1)] public required BlobId Digest { get; init; }
}
