using System.Text.Json.Serialization;

namespace OrleansDL.Models;

/// <summary>One thing in the lineage graph.</summary>
[GenerateSerializer, Immutable, Alias("lineage-node")]
public sealed record LineageNode
{
    /// <summary><c>kind:key</c>, for example <c>dataset-version:sha256:...</c>, <c>run:ID</c>, <c>model-version:ID/3</c>, <c>deployment:ID</c>, <c>source:sha256:...</c>.</summary>
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string Kind { get; init; }

    /// <summary>What people call it, for example <c>digits@v2</c>.</summary>
    [Id(2)] public required string Title { get; init; }

    /// <summary>Steps away from where the walk began.</summary>
    [Id(3)] public int Depth { get; init; }

    /// <summary>More about it, a JSON object (rows, digest, ...).</summary>
    [Id(4), JsonConverter(typeof(RawJsonConverter))] public string? Properties { get; init; }
}
