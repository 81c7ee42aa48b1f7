using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>The generation that answers, and where.</summary>
[GenerateSerializer, Immutable, Alias("serving-generation")]
internal sealed record ServingGeneration
{
    [Id(0)] public WantedVersion Version { get; init; } = new();
    [Id(1)] public ModelSignature? Signature { get; init; }
    [Id(2)] public IReadOnlyList<string> Workers { get; init; } = [];

    [JsonIgnore]
    public long Number => Version.Generation ?? 0;
}
