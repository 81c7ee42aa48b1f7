using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>One step of a workflow.</summary>
internal sealed record StepDefinition
{
    public required string Name { get; init; }

    /// <summary>What it does, for example <c>train.run@1</c>.</summary>
    public required string Uses { get; init; }
    public required Argument.MapOf With { get; init; }

    /// <summary>The step is skipped when it is false.</summary>
    public Expression? If { get; init; }

    /// <summary>Steps that must have ended first: those listed, and those its expressions read.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Over the step's own output; all must hold, or the step is rejected.</summary>
    public IReadOnlyList<KeyValuePair<string, Expression>> Criteria { get; init; } = [];
    public TimeSpan? Timeout { get; init; }
    public RetryDefinition Retry { get; init; } = RetryDefinition.Never;
    public required Place At { get; init; }

    /// <summary>Where each condition and criterion stands.</summary>
    public required IReadOnlyDictionary<string, Place> Places { get; init; }
}
