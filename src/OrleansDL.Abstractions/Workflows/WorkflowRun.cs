using System.Text.Json.Serialization;

namespace OrleansDL.Workflows;

/// <summary>One run of a workflow.</summary>
[GenerateSerializer, Immutable, Alias("workflow-run")]
public sealed record WorkflowRun
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required Guid Workflow { get; init; }
    [Id(3)] public required string WorkflowName { get; init; }
    [Id(4)] public required long WorkflowVersion { get; init; }
    [Id(5)] public required WorkflowRunStatus Status { get; init; }

    /// <summary>What started it: <c>manual</c>, or <c>event:ID</c>.</summary>
    [Id(6)] public required string Trigger { get; init; }

    /// <summary>Inputs, a JSON object.</summary>
    [Id(7), JsonConverter(typeof(RawJsonConverter))] public required string Inputs { get; init; }
    [Id(8)] public required IReadOnlyList<WorkflowStep> Steps { get; init; }
    [Id(9)] public string? Reason { get; init; }
    [Id(10)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(11)] public DateTimeOffset? FinishedAt { get; init; }
}
