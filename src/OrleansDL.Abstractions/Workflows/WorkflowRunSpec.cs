namespace OrleansDL.Workflows;

/// <summary>What a workflow starts one of its runs with.</summary>
[GenerateSerializer, Immutable, Alias("workflow-run-spec")]
public sealed record WorkflowRunSpec
{
    [Id(0)] public required string Project { get; init; }
    [Id(1)] public required Guid Workflow { get; init; }
    [Id(2)] public required string WorkflowName { get; init; }
    [Id(3)] public required long Version { get; init; }
    [Id(4)] public required string Definition { get; init; }
    [Id(5)] public required string Trigger { get; init; }
    [Id(6)] public required string Inputs { get; init; }

    /// <summary>The event that started it, as JSON; null when started by hand.</summary>
    [Id(7)] public string? Event { get; init; }
}
