using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Steps;

/// <summary>What a kind of step does. Everything but <see cref="PrepareAsync"/> may be repeated at any time, after any crash,
/// and follows the attempt's plan only.</summary>
internal interface IStepAction
{
    StepSignature Signature { get; }

    /// <summary>Makes an attempt's plan of its inputs: references pinned to versions, things looked up. Changes nothing.</summary>
    /// <exception cref="OrleansDLException">An input is wrong, or names something that is not there.</exception>
    Task<Value.Map> PrepareAsync(string project, Guid run, string step, Value.Map with);

    /// <summary>The events that tell of the attempt's progress; subscribed to before it begins.</summary>
    IEnumerable<(string Type, Guid Subject)> Awaits(StepAttempt attempt);

    /// <summary>Sets going what is not yet going. Answers the result once there is one.</summary>
    Task<StepResult?> AdvanceAsync(StepAttempt attempt);

    /// <summary>Stops what the attempt set going. Answers whether all of it has stopped.</summary>
    Task<bool> StopAsync(StepAttempt attempt);
}
