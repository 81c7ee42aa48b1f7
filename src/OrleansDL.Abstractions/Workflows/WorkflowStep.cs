using System.Text.Json.Serialization;

namespace OrleansDL.Workflows;

/// <summary>One step of a workflow run.</summary>
[GenerateSerializer, Immutable, Alias("workflow-step")]
public sealed record WorkflowStep
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Uses { get; init; }
    [Id(2)] public required WorkflowRunStatus Status { get; init; }
    [Id(3)] public int Attempt { get; init; }
    [Id(4)] public DateTimeOffset? StartedAt { get; init; }
    [Id(5)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What the step answered, a JSON object.</summary>
    [Id(6), JsonConverter(typeof(RawJsonConverter))] public string? Output { get; init; }
    [Id(7)] public IReadOnlyList<CriterionResult> Criteria { get; init; } = [];
    [Id(8)] public string? Reason { get; init; }
}
