namespace OrleansDL.Workflows;

/// <summary>A run that is started once another one of its workflow has ended.</summary>
[GenerateSerializer, Immutable, Alias("waiting-run")]
internal sealed record WaitingRun
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required WorkflowRunSpec Spec { get; init; }
}
