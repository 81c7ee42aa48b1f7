using OrleansDL.Expressions;

namespace OrleansDL.Serving.Ensembles;

/// <summary>A step of an ensemble with its tensors as positions in the plan.</summary>
/// <param name="Name">What errors call it.</param>
/// <param name="Deployment">Name or id of what it calls.</param>
/// <param name="Version">Version of it; null: the one it chooses.</param>
/// <param name="Inputs">Inputs of the deployment and the tensors they are.</param>
/// <param name="Outputs">Outputs of the deployment and the tensors they become.</param>
/// <param name="When">Its condition; null: none.</param>
/// <param name="Asked">Tensors the condition asks for.</param>
/// <param name="Earlier">Steps that make one of its tensors before it would: it runs only if none of them did.</param>
/// <param name="Needs">Steps that must have run, or not, before it: those whose tensors it reads or asks for, and the earlier ones.</param>
internal sealed record PlannedStep(
    string Name, string Deployment, long? Version, (string Name, int Tensor)[] Inputs, (string Name, int Tensor)[] Outputs,
    Expression? When, int[] Asked, ulong Earlier, ulong Needs)
{
    /// <summary>Outputs asked of the deployment.</summary>
    public string[] Wanted { get; } = [.. Outputs.Select(output => output.Name)];

    public override string ToString() => Name == Deployment ? $"step '{Name}'" : $"step '{Name}' (deployment '{Deployment}')";
}
