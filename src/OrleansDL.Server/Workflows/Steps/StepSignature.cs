using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Steps;

/// <summary>What a kind of step takes and answers: what a workflow is checked against when it is submitted.</summary>
/// <param name="Uses">Its name and version, for example <c>train.run@1</c>.</param>
/// <param name="Inputs">Keys of <c>with</c>.</param>
/// <param name="Outputs">Members of its output.</param>
internal sealed record StepSignature(
    string Uses, IReadOnlyDictionary<string, StepInput> Inputs, IReadOnlyDictionary<string, ExpressionType> Outputs);
