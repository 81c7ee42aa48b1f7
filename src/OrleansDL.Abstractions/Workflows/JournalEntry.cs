using System.Text.Json.Serialization;

namespace OrleansDL.Workflows;

/// <summary>One line of a workflow run's journal.</summary>
[GenerateSerializer, Immutable, Alias("journal-entry")]
public sealed record JournalEntry
{
    /// <summary>1, 2, 3, ... within the run.</summary>
    [Id(0)] public required long Sequence { get; init; }
    [Id(1)] public required DateTimeOffset Time { get; init; }

    /// <summary>For example <c>run-started</c>, <c>step-started</c>, <c>step-finished</c>, <c>run-finished</c>.</summary>
    [Id(2)] public required string Type { get; init; }
    [Id(3)] public string? Step { get; init; }

    /// <summary>The entry's own fields, a JSON object.</summary>
    [Id(4), JsonConverter(typeof(RawJsonConverter))] public required string Data { get; init; }
}
