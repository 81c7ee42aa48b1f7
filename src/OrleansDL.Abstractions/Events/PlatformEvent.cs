using System.Text.Json.Serialization;

namespace OrleansDL.Events;

/// <summary>A fact that happened in a project, as told outside. Delivered at least once: <see cref="Id"/> tells repeats.</summary>
[GenerateSerializer, Immutable, Alias("event")]
public sealed record PlatformEvent
{
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>Position in the project's sequence, from 1, in order of commit.</summary>
    [Id(1)] public required long Sequence { get; init; }
    [Id(2)] public required string Project { get; init; }

    /// <summary>Kind of fact, for example <c>dataset.committed</c>.</summary>
    [Id(3)] public required string Type { get; init; }

    /// <summary>Id of the thing it happened to.</summary>
    [Id(4)] public required Guid Subject { get; init; }
    [Id(5)] public required DateTimeOffset Time { get; init; }

    /// <summary>The fact's own fields, a JSON object.</summary>
    [Id(6), JsonConverter(typeof(RawJsonConverter))] public required string Data { get; init; }
}
