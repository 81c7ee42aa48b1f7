using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Orleans.Storage;

namespace OrleansDL.Nodes;

/// <summary>Grain state as JSON without CLR names: readable with any tool, and free to move between classes.</summary>
internal sealed class JsonGrainStorageSerializer : IGrainStorageSerializer
{
    public BinaryData Serialize<T>([AllowNull] T input) => new(JsonSerializer.SerializeToUtf8Bytes(input, OdlJson.Options));

    public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, OdlJson.Options)!;
}
