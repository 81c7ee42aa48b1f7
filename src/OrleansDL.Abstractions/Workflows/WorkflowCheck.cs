namespace OrleansDL.Workflows;

/// <summary>What a dry run found: the steps in order of their dependencies.</summary>
[GenerateSerializer, Immutable, Alias("workflow-check")]
public sealed record WorkflowCheck
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Step names with the names of the steps each waits for, in an order that respects them.</summary>
    [Id(1)] public required IReadOnlyList<WorkflowCheckStep> Steps { get; init; }
}
