namespace OrleansDL.Workflows.Definitions;

/// <summary>A workflow file, taken apart.</summary>
internal sealed record WorkflowDefinition
{
    public required string Name { get; init; }
    public required IReadOnlyDictionary<string, InputDefinition> Inputs { get; init; }
    public required IReadOnlyList<TriggerDefinition> Triggers { get; init; }
    public ConcurrencyDefinition? Concurrency { get; init; }

    /// <summary>Longest time a run may take.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>In the order of the file.</summary>
    public required IReadOnlyList<StepDefinition> Steps { get; init; }

    public StepDefinition Step(string name) => Steps.First(step => step.Name == name);
}
