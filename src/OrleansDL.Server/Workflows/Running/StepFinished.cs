using System.Text.Json;

namespace OrleansDL.Workflows.Running;

/// <summary>A step has ended.</summary>
internal sealed record StepFinished(WorkflowRunStatus Status)
{
    public int Attempt { get; init; }
    public JsonElement? Output { get; init; }
    public IReadOnlyList<CriterionResult> Criteria { get; init; } = [];
    public string? Reason { get; init; }

    /// <summary>Skipped because of a step before it: the steps behind it are skipped too.</summary>
    public bool Blocked { get; init; }
}
