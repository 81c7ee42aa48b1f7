namespace OrleansDL.Workflows.Steps;

/// <summary>The actions by what a step <c>uses</c>.</summary>
internal sealed class StepActions(IEnumerable<IStepAction> actions)
{
    private readonly Dictionary<string, IStepAction> _actions = actions.ToDictionary(action => action.Signature.Uses, StringComparer.Ordinal);

    public IStepAction this[string uses] => _actions[uses];
}
