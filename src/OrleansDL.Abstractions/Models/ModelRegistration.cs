namespace OrleansDL.Models;

/// <summary>Asks for a new version. One registration id makes one version, however often it is repeated.</summary>
[GenerateSerializer, Immutable, Alias("model-registration")]
public sealed record ModelRegistration
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public Guid? Run { get; init; }
    [Id(2)] public required IReadOnlyDictionary<string, BlobRef> Artifact { get; init; }
    [Id(3)] public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    [Id(4)] public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
    [Id(5)] public string? DatasetName { get; init; }
    [Id(6)] public long? DatasetVersion { get; init; }
    [Id(7)] public BlobId? DatasetCommit { get; init; }
    [Id(50)] public ModelOrigin Origin { get; init; }
}
