using System.Text.Json.Serialization;

namespace OrleansDL.Models;

/// <summary>One thing was made from, or serves, another.</summary>
[GenerateSerializer, Immutable, Alias("lineage-edge")]
public sealed record LineageEdge
{
    /// <summary>The upstream node's id.</summary>
    [Id(0)] public required string Source { get; init; }

    /// <summary>The downstream node's id.</summary>
    [Id(1)] public required string Target { get; init; }

    /// <summary>For example <c>trained-on</c>, <c>produced</c>, <c>serves</c>, <c>answered</c>, <c>rows-from</c>.</summary>
    [Id(2)] public required string Role { get; init; }
    [Id(3)] public required DateTimeOffset Time { get; init; }

    /// <summary>More about it, a JSON object (for example the range of rows that came from a source).</summary>
    [Id(4), JsonConverter(typeof(RawJsonConverter))] public string? Properties { get; init; }
}
