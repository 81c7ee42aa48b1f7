namespace OrleansDL.Workflows;

/// <summary>One step as a dry run sees it.</summary>
[GenerateSerializer, Immutable, Alias("workflow-check-step")]
public sealed record WorkflowCheckStep
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Uses { get; init; }
    [Id(2)] public required IReadOnlyList<string> Needs { get; init; }
}
