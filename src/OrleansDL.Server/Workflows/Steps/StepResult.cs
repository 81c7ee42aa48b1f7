using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Steps;

/// <summary>How an attempt ended: with an output, or with a reason.</summary>
internal sealed record StepResult
{
    public Value.Map? Output { get; private init; }
    public string? Reason { get; private init; }

    public static StepResult Done(params (string Key, Value Value)[] output) =>
        new() { Output = new Value.Map(output.ToDictionary(o => o.Key, o => o.Value, StringComparer.Ordinal)) };

    public static StepResult Failed(string reason) => new() { Reason = reason };
}
